b: by wan0, translated to its address, what the first of these lets out; all else goes through the tunnel or nowhere
  video, line 41
    from   10.2.0.0/20, 2001:db8:2::/52
    to     198.51.100.16/28, 198.51.100.32/27, 198.51.100.64/26, 198.51.100.128/25, 2001:db8:ffff::/48
    what   udp port 3478
  guests, line 45
    from   10.2.8.0/21
    to     the Internet
    what   tcp port 443 or tcp port 80
  all-cdn, line 50
    from   10.2.8.0/21
    to     198.51.100.16/28, 198.51.100.32/27, 198.51.100.64/26, 198.51.100.128/25, 2001:db8:ffff::/48
    what   everything
  never to addresses of a location, private ones, special-purpose addresses and tunnel endpoints
