// Package ncmec writes reports for the CyberTipline of the National Center for
// Missing & Exploited Children (NCMEC), which providers in the United States must
// tell of apparent child sexual exploitation (18 U.S.C. § 2258A).
//
//	Report, FileDetails ──► Marshal ──► XML          (checked first)
//	Bundle ──► Export ──► DIR/README.txt             how a person sends it, step by step
//	                      DIR/report.xml             submit
//	                      DIR/file-1.jpg             upload
//	                      DIR/file-details-1.xml     fileinfo
//
// This package never sends anything, and has no code that could: a person reads
// what was written, and sends it with the commands of README.txt. The commands name
// NCMEC's test server unless [Production] is asked for, so that a mistake reports
// nobody.
//
// Elements and their order are those of NCMEC's "CyberTipline Reporting API
// Technical Documentation" (https://report.cybertip.org/ispws/documentation/) and
// of its XML schema (/ispws/xsd, to be had with an account), of which the types here
// hold what a random-chat site can know. There is no element for the person who
// reports: whom the reported picture was shown to is an [IntendedRecipient]. What
// this package asks for beyond the schema is said with each field.
//
// Texts may come from visitors: characters that XML cannot hold become U+FFFD.
// Nothing here is safe for concurrent use while it is changed; nothing is kept.
package ncmec
