package nodes

// Watch calls f with Joined for each live node, and then with what happens to others, one
// call at a time and in order, until stop is called. After stop no call begins. f must
// not block, and must call neither Watch nor Close.
func (r *Registry) Watch(f func(Event)) (stop func()) {
	r.telling.Lock()
	defer r.telling.Unlock()
	r.mu.Lock()
	id := r.next
	r.next++
	r.watchers[id] = f
	alive := r.view.alive()
	r.mu.Unlock()
	for _, n := range alive {
		f(Event{Joined, n})
	}
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.watchers, id)
	}
}

// change changes the view, and tells the watchers what has happened.
func (r *Registry) change(change func(*view) []Event) {
	r.telling.Lock()
	defer r.telling.Unlock()
	r.mu.Lock()
	events := change(r.view)
	var watchers []func(Event)
	for _, w := range r.watchers {
		watchers = append(watchers, w)
	}
	r.mu.Unlock()
	for _, e := range events {
		r.log.Info("node "+e.Kind.String(), "node", e.Node.Name, "version", e.Node.Version, "draining", e.Node.Draining)
		for _, w := range watchers {
			w(e)
		}
	}
}
