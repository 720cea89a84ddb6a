package cert

import "time"

// CheckEvery makes tests of renewal short.
func (o *ACMEOptions) CheckEvery(interval time.Duration) { o.checkEvery = interval }

// LoadOrMake is what a source begins with.
var LoadOrMake = loadOrMake

// WholePEM is tested on its own.
var WholePEM = wholePEM
