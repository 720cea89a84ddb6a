package ban

// reasons keeps each reason once, however many bans give it.
type reasons struct {
	numbers map[string]uint32
	texts   []string
	uses    []uint32
	free    []uint32
}

func newReasons() reasons { return reasons{numbers: map[string]uint32{}} }

// take returns the number of a text, for one more ban.
func (r *reasons) take(text []byte) uint32 {
	if n, known := r.numbers[string(text)]; known {
		r.uses[n]++
		return n
	}
	kept := string(text)
	var n uint32
	if last := len(r.free) - 1; last >= 0 {
		n, r.free = r.free[last], r.free[:last]
		r.texts[n], r.uses[n] = kept, 1
	} else {
		n = uint32(len(r.texts))
		r.texts, r.uses = append(r.texts, kept), append(r.uses, 1)
	}
	r.numbers[kept] = n
	return n
}

// release is for when a ban is gone.
func (r *reasons) release(n uint32) {
	if r.uses[n]--; r.uses[n] == 0 {
		delete(r.numbers, r.texts[n])
		r.texts[n] = ""
		r.free = append(r.free, n)
	}
}

func (r *reasons) text(n uint32) string { return r.texts[n] }
