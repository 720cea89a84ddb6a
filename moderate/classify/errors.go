package classify

import "errors"

// What a call of Classify may come to. The errors say more; match them with errors.Is.
var (
	// ErrBusy: the queue is full, or the time was over before a place was free. The
	// classifier was not asked.
	ErrBusy = errors.New("classify: too many images wait for the classifier")
	// ErrResting: it failed again and again, and was not asked this time.
	ErrResting = errors.New("classify: the classifier is left alone after failures")
	// ErrUnavailable: no connection, no answer in time, or a status that says so.
	ErrUnavailable = errors.New("classify: the classifier does not answer")
	// ErrBadAnswer: what it answers breaks the contract, so it is not believed.
	ErrBadAnswer = errors.New("classify: the classifier's answer breaks the contract of docs/classifier.md")
	// ErrImage: it will not classify this image, or the image is too large to send.
	ErrImage = errors.New("classify: the image is refused")
)
