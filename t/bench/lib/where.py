#!/usr/bin/env python3
"""Says where the CPU time of `perf script' samples went, stage by stage.

where.py PERF.DATA UNIT AMOUNT END:PID...    (AMOUNT of UNIT a second; END:
cli or srv; WHERE_SECS, WHERE_HZ: how long, how often it was sampled)
"""
import collections
import os
import re
import subprocess
import sys

# What a user-space sample is for, by the function it is in; the first match.
USER = [
    ("cipher", r"^(imb_|submit_|flush_|aes_|poly1305|chacha|aead_|mb_|run$|"
               r"fill$|set_nonces|sodium_|crypto_)"),
    ("link", r"^(ring_|link_|put_link|__memcpy|__memmove|memcpy|memmove)"),
    ("cut", r"^(gso_|csum_copy|put_|next_plaintext|send_packet|tunnel_send)"),
    ("join", r"^(gro_|csum_|same_flow|follows|append|begin|join|finish_)"),
    ("protocol", r"^(device_|session_|replay_|peer_|timers_|stage_|index_|"
                 r"take_data|route_|ecn_)"),
    ("classify", r"^(ip_parse|policy_|lpm_|judge|gate_|flow_|nat_|csum)"),
]
# What a kernel sample is for, by the innermost of these in its stack.
KERNEL = [
    ("forwarding", r"^(net_rx_action|ip_forward|ip6_forward)$"),
    ("switch", r"^(__schedule|schedule|try_to_wake_up)$"),
    ("interrupt", r"^(sysvec_|asm_sysvec_|irq_exit)"),
    ("TUN read", r"^tun_(chr_read_iter|do_read)"),
    ("TUN write", r"^tun_(chr_write_iter|get_user)"),
    ("UDP send", r"^udp(v6)?_sendmsg$"),
    ("UDP receive", r"^udp(v6)?_recvmsg$"),
    ("link send", r"^_*unix_.*sendmsg$"),
    ("link receive", r"^_*unix_.*recvmsg$"),
    ("poll", r"^(do_sys_poll|__x64_sys_e?poll.*)$"),
]
FRAME = re.compile(r"^\s+[0-9a-f]+ (.+?)(?:\+0x[0-9a-f]+)? \((.*)\)$")
HEAD = re.compile(r"^(.*\S)\s+(\d+)/(\d+)")


def first(table, names, otherwise):
    for what, pattern in table:
        if any(re.match(pattern, n) for n in names):
            return what
    return otherwise


def stage(frames):
    """Of a stack, innermost first: (kernel or user, stage)."""
    if not frames:
        return "user", "other"
    if "kernel" in frames[0][1] or frames[0][1] == "[guest.kernel]":
        names = [n for n, d in frames if "kernel" in d]
        if any(n in ("pv_native_safe_halt", "default_idle", "acpi_idle",
                     "poll_idle", "cpuidle_enter") for n in names):
            return "idle", "idle"
        return "kernel", first(KERNEL, names, "other calls")
    if "IPSec" in frames[0][1] or "sodium" in frames[0][1]:
        return "user", "cipher"
    return "user", first(USER, [frames[0][0]], "loop")


def samples(path):
    p = subprocess.Popen(["perf", "script", "-i", path, "-F",
                          "comm,pid,tid,ip,sym,dso"], text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    head, frames = None, []
    for line in p.stdout:
        m = HEAD.match(line) if line[:1].strip() else None
        if m:
            if head:
                yield head, frames
            head, frames = (m[1], int(m[2])), []
            continue
        m = FRAME.match(line)
        if m:
            frames.append((m[1], m[2]))
    if head:
        yield head, frames


def main():
    path, unit = sys.argv[1:3]
    secs = float(os.environ["WHERE_SECS"])
    amount = float(sys.argv[3]) * secs
    end = {int(a.split(":")[1]): a.split(":")[0] for a in sys.argv[4:]}
    count, total = collections.Counter(), 0
    for (comm, pid), frames in samples(path):
        mode, what = stage(frames)
        if comm == "swapper" and mode == "idle":
            who, mode, what = "(idle)", "-", "-"
        elif pid in end:
            who = f"{end[pid]} {comm}"
        elif comm.startswith(("swapper", "ksoftirqd")):
            who = "(kernel)"
        elif comm in ("iperf3", "udpmax"):
            who = comm
        else:
            who, mode, what = "(others)", "-", "-"
        count[(who, mode, what)] += 1
        total += 1
    # the sampling clock stands while a processor sleeps
    print(f"{total} samples, {amount:.2f} {unit} in {secs:.0f} s\n")
    print(f"| program | mode | stage | % | s/{unit} |")
    print("|---|---|---|---|---|")
    hz = float(os.environ["WHERE_HZ"])
    for who in sorted({k[0] for k in count}):
        mine = {k: n for k, n in count.items() if k[0] == who}
        n = sum(mine.values())
        print(f"| **{who}** | | | **{100 * n / total:.1f}** |"
              f" **{n / hz / amount:.3f}** |")
        if len(mine) < 2:
            continue
        for (_, mode, what), n in sorted(mine.items(), key=lambda x: -x[1]):
            if n / total >= 0.001:
                print(f"| | {mode} | {what} | {100 * n / total:.1f} |"
                      f" {n / hz / amount:.3f} |")


if __name__ == "__main__":
    sys.exit(main())
