package mask

// CandidateInit is the browser's RTCIceCandidateInit.
type CandidateInit struct {
	Candidate        string  `json:"candidate"`
	SDPMid           *string `json:"sdpMid"`
	SDPMLineIndex    *uint16 `json:"sdpMLineIndex"`
	UsernameFragment *string `json:"usernameFragment"`
}

// Mask rebuilds c; see Candidate for its errors.
func (c CandidateInit) Mask(owns Owns) (CandidateInit, error) {
	switch {
	case c.SDPMid != nil && !isMid(*c.SDPMid):
		return CandidateInit{}, refusef("sdpMid is malformed")
	case c.SDPMLineIndex != nil && *c.SDPMLineIndex >= maxMedia:
		return CandidateInit{}, refusef("sdpMLineIndex is out of range: there are at most %d m-lines", maxMedia)
	case c.UsernameFragment != nil && !isUfrag(*c.UsernameFragment):
		return CandidateInit{}, refusef("usernameFragment is malformed")
	case c.Candidate != "" && c.SDPMid == nil && c.SDPMLineIndex == nil:
		return CandidateInit{}, refusef("a candidate needs sdpMid or sdpMLineIndex")
	}
	text, err := Candidate(c.Candidate, owns)
	if err != nil {
		return CandidateInit{}, err
	}
	return CandidateInit{text, c.SDPMid, c.SDPMLineIndex, c.UsernameFragment}, nil
}
