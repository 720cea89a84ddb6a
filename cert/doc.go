// Package cert finds the certificate that the daemon shows. There are three ways to
// one, and each survives what comes after:
//
//	SelfSigned  made and renewed here; browsers warn, good for trying out
//	Files       two PEM files that others renew, read again when they change
//	ACME        obtained and renewed from a CA such as Let's Encrypt
//
// A site that has shown a certificate goes on showing it until there is a better
// one: what is half-written, expired or unobtainable never takes its place.
package cert
