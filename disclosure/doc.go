// Package disclosure is what the operator of a site tells an authority about one
// session or one address: what was asked, the bundle that answers it, and the register
// of all that was asked.
//
//	Ask ── Register.Begin ──► Entry: asked ──────────────► made (signed, counted)
//	          emergency ────► pending ── Confirm ─► confirmed ──┘
//	                             └───── Refuse, or a day ─► refused
//
//	Manifest ── Build ──► tar: manifest.json, disclosure.txt, signed.txt, signature.bin,
//	                      key.pem ── Parse ──► Manifest
//
// A bundle is signed (Ed25519, RFC 8032) with the site's key. The signature covers
// signed.txt, which names the disclosure and the SHA-256 of manifest.json, which in turn
// names that of disclosure.txt: whoever signs sees only a digest, never what is told. An
// authority without this program checks it with
//
//	openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in signed.txt -sigfile signature.bin
//	sha256sum manifest.json disclosure.txt
//
// The register keeps no address: of one it has a keyed hash, which its caller makes.
package disclosure
