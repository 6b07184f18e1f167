/* SPDX-License-Identifier: ISC */
#include "wg/aead_engine.h"

#ifdef HAVE_IPSEC_MB

#include "wg/message.h"

#include <assert.h>
#include <intel-ipsec-mb.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/*
 * Bursts through the job interface of libipsec-mb.  It computes the tag in both
 * directions and leaves the comparing to us.  Its checks of each job are passed
 * over: what they look at is set here.
 */

static_assert(TAG_LEN == crypto_verify_16_BYTES, "tags");

struct mb {
	IMB_MGR *mgr;
	uint8_t tag[AEAD_BURST][TAG_LEN];	/* of a burst to be opened */
};

static bool
mb_open(void **state)
{
	struct mb *mb = calloc(1, sizeof(*mb));

	if (mb == NULL)
		return false;
	mb->mgr = alloc_mb_mgr(0);
	if (mb->mgr != NULL) {
		init_mb_mgr_auto(mb->mgr, NULL);
		*state = mb;
		if (imb_get_errno(mb->mgr) == 0)
			return true;
		free_mb_mgr(mb->mgr);
	}
	free(mb);
	return false;
}

static void
mb_close(void *state)
{
	struct mb *mb = state;

	free_mb_mgr(mb->mgr);
	free(mb);
}

static void
fill(IMB_JOB *out, const struct aead_job *j, const struct aead_with *w,
    uint8_t *tag, IMB_CIPHER_DIRECTION direction)
{
	out->cipher_mode = IMB_CIPHER_CHACHA20_POLY1305;
	out->hash_alg = IMB_AUTH_CHACHA20_POLY1305;
	out->cipher_direction = direction;
	out->chain_order = direction == IMB_DIR_ENCRYPT ?
	    IMB_ORDER_CIPHER_HASH : IMB_ORDER_HASH_CIPHER;
	out->enc_keys = out->dec_keys = j->key;
	out->key_len_in_bytes = IMB_KEY_256_BYTES;
	out->iv = w->nonce;
	out->iv_len_in_bytes = sizeof(w->nonce);
	out->u.CHACHA20_POLY1305.aad = w->ad;
	out->u.CHACHA20_POLY1305.aad_len_in_bytes = w->adlen;
	out->src = j->src;
	out->dst = j->dst;
	out->cipher_start_src_offset_in_bytes = 0;
	out->hash_start_src_offset_in_bytes = 0;
	out->msg_len_to_cipher_in_bytes = j->n;
	out->msg_len_to_hash_in_bytes = j->n;
	out->auth_tag_output = tag;
	out->auth_tag_output_len_in_bytes = TAG_LEN;
}

/* The queue is empty before and after, so a burst always fits in it. */
static void
run(struct mb *mb, struct aead_job *job, const struct aead_with *w,
    size_t njobs, IMB_CIPHER_DIRECTION direction)
{
	IMB_JOB *list[AEAD_BURST];
	uint32_t n = (uint32_t)njobs;

	IMB_GET_NEXT_BURST(mb->mgr, n, list);
	for (uint32_t i = 0; i < n; i++)
		fill(list[i], &job[i], &w[i], direction == IMB_DIR_ENCRYPT ?
		    job[i].dst + job[i].n : mb->tag[i], direction);
	uint32_t done = IMB_SUBMIT_BURST_NOCHECK(mb->mgr, n, list);
	while (done < n)
		done += IMB_FLUSH_BURST(mb->mgr, n - done, list);
}

static void
mb_seal(void *state, struct aead_job *job, const struct aead_with *w,
    size_t njobs)
{
	run(state, job, w, njobs, IMB_DIR_ENCRYPT);
}

static void
mb_unseal(void *state, struct aead_job *job, const struct aead_with *w,
    size_t njobs)
{
	struct mb *mb = state;

	run(mb, job, w, njobs, IMB_DIR_DECRYPT);
	for (size_t i = 0; i < njobs; i++) {
		const uint8_t *sent = job[i].src + job[i].n;

		job[i].ok = crypto_verify_16(mb->tag[i], sent) == 0;
		if (!job[i].ok)
			memset(job[i].dst, 0, job[i].n);
	}
}

const struct aead_engine aead_mb = {
	.name = "ipsec-mb",
	.open = mb_open,
	.close = mb_close,
	.seal = mb_seal,
	.unseal = mb_unseal,
};

#endif
