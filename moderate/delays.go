package moderate

import "time"

// delaySteps are how many hours after its first report or flag a case was decided, at
// most. The last stands for longer as well.
var delaySteps = [...]int{1, 2, 3, 4, 6, 8, 12, 18, 24, 36, 48, 72, 96, 120, 168, 240, 336, 504, 720, 2160}

// Delays counts decisions by how long they took, in steps of 1, 2, 3, 4, 6, 8, 12, 18,
// 24, 36, 48, 72, 96, 120, 168, 240, 336, 504, 720 and 2160 hours.
type Delays [len(delaySteps)]int

func (d *Delays) add(took time.Duration) {
	for i, hours := range delaySteps {
		if took <= time.Duration(hours)*time.Hour || i == len(delaySteps)-1 {
			d[i]++
			return
		}
	}
}

// Within returns the hours within which so many of a hundred decisions were made,
// rounded up to a step; 0 if there were none.
func (d *Delays) Within(percent int) (hours int) {
	total := 0
	for _, n := range d {
		total += n
	}
	if total == 0 {
		return 0
	}
	sum := 0
	for i, n := range d {
		if sum += n; sum*100 >= total*percent {
			return delaySteps[i]
		}
	}
	return delaySteps[len(delaySteps)-1]
}
