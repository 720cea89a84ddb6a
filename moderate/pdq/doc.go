// Package pdq tells whether a picture is, to the eye, one that is known already.
//
//	picture ──► Of ──► Hash, quality ──┐
//	                                   ├─► List.Match ──► Entry, distance
//	files of hashes ──► List.Import ───┘
//
// PDQ is Meta's perceptual hash: 256 bits, one for each of the low frequencies of
// the picture, set where that frequency is stronger than half of them. Pictures that
// look alike have hashes that differ in few bits. What is done here, step by step and
// in the same order of additions, is what the reference does: facebook/ThreatExchange,
// pdq/cpp (hashing/pdqhashing.cpp, downscaling/downscaling.cpp); its paper is
// hashing/hashing.pdf there. The reference's command line first shrinks what is larger
// than 512 pixels by leaving pixels out; its Python binding, by which most lists are
// made, does not, and neither does this package.
//
// A hash says nothing of a picture without features, such as a dark room: that is what
// quality is for. What is under [MinQuality] was not compared, which is not the same as
// not being known.
package pdq

// MaxDistance is in how many bits two hashes may differ that are of the same picture,
// and MinQuality the least quality of a hash that can be compared: what the README of
// the reference recommends, and the PDQ_CONFIDENT_MATCH_THRESHOLD and
// PDQ.QUALITY_THRESHOLD of its python-threatexchange.
const (
	MaxDistance = 31
	MinQuality  = 50
)
