package cert

import "time"

// CheckEvery makes tests of renewal short.
func (o *ACMEOptions) CheckEvery(interval time.Duration) { o.checkEvery = interval }

// WholePEM is tested on its own.
var WholePEM = wholePEM
