package match

import (
	"math"
	"time"
)

// suspicionHalfLife is how long it takes half of an address's points to go.
const suspicionHalfLife = 5 * time.Minute

// decayed returns what is left of points.
func decayed(points float64, passed time.Duration) float64 {
	return points * math.Exp2(-passed.Seconds()/suspicionHalfLife.Seconds())
}
