package coturn

import "strconv"

// number takes a number over, of which 0 means no limit, or what it is by default.
func number(set func(*state, int), key, zero string) func(*state, line) (Fate, string, string) {
	return func(s *state, l line) (Fate, string, string) {
		n, err := strconv.ParseInt(l.value, 10, 41)
		switch {
		case err != nil || n < 0:
			return Wrong, key, "is not a number"
		case n == 0 && zero != "":
			return Differs, key, zero
		}
		set(s, int(n))
		return Taken, key, ""
	}
}
