// Package watch has stills of video chats looked at by a program, and says what a
// site's rules want done about them.
//
//	viewer's still ──▶ queue ──▶ known images, classifier ──▶ rules ─┬─ none: forgotten
//	subject's still ─▶ held ───────────────┐                         └─ Hide, at once
//	                                       └──▶ compared ──────────────▶ Found
//
// A still is in memory only, and no longer than Lifetime: one that no rule wants
// anything of is cleared as soon as that is known. What there is no room for is
// dropped and counted: a slow program slows no chat.
//
// Who sees a picture could post another. So the subject's browser is asked for its
// own still of the same moment, and the two are compared (package pdq). That they
// agree supports what was found, it proves nothing; that they do not, or that there is
// none, does not clear anybody either.
//
// Where the viewer's own browser looked (Claim), its word decides nothing: it hid the
// picture from its own visitor, and whatever else a rule wants is left to a person. What is
// on the list of known images is found here, whoever posted it.
package watch
