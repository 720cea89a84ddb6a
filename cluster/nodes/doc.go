// Package nodes is the registry of the nodes that share a Redis: who is there, what each
// says of itself, and who is to be drained.
//
//	joingy:node:{NAME}   a node's record, written each second, gone 5 s after the last
//	joingy:nodes         the names of all of them
//	joingy:drain:{NAME}  a wish that NAME takes no new sessions, or does again
//
// A record is text: the incarnation (random, new at each start), a MAC under the
// cluster's key, and JSON. Nothing in it is of a visitor. One whose MAC does not fit is
// nobody's: whoever can write to Redis cannot add a node, and so no relay.
//
// A node is alive as long as the counter in its record moves, by the reader's own clock
// and by what the reader could read: no clock of another counts, and while Redis is away
// nobody dies. Three seconds without a move, or its own word that it leaves, end it.
//
// A name belongs to one node. Who starts under a name whose record moves is refused, as
// is one whose keys or protocol differ from a live node's; a record that does not move
// is what a crash left behind, and is taken over after those three seconds. What is
// refused after the start (Redis was away then) leaves the node alone: Err says why.
package nodes
