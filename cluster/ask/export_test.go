package ask

// Waiting returns how many exchanges others have with a, and fails on bytes that are held for
// none.
func (a *Asker) Waiting() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.exchanges) == 0 && a.held+len(a.answering)+len(a.asking) > 0 {
		panic("something is counted that is not there")
	}
	return len(a.exchanges)
}
