// Package desk is the moderators' page: cases in a browser, one at a time, on a listener
// of its own.
//
//	browser ─▶ Host ─▶ Sec-Fetch-Site ─┬▶ page, scripts, style: for everybody, nothing in them
//	                                   └▶ /api/ ─▶ Origin, JSON ─▶ session ─▶ Court (admin.Service)
//
// Who logs in does so by a link that works once (Links), or because a reverse proxy says
// who they are (Proxy). A session lives in memory, and a case that it opened is the
// person's alone for as long as they look at it. Evidence is handed out with the claim on
// its case and in no other way, and to nobody who has looked at too much within an hour.
//
// What visitors wrote is on the page as text only; Trusted Types and the content security
// policy leave no other way in.
package desk
