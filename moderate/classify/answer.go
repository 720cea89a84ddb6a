package classify

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

const (
	maxLabels = 32
	maxName   = 32  // of a label, in bytes
	maxModel  = 100 // of its name, in bytes
)

// scores are labels in JSON. Unlike a map, they are read only as the contract
// has them, and no further than that.
type scores map[string]float64

// UnmarshalJSON reads an object of 1 to 32 scores.
func (s *scores) UnmarshalJSON(text []byte) error {
	if *s != nil {
		return errors.New("labels come twice")
	}
	read := scores{}
	d := json.NewDecoder(bytes.NewReader(text))
	if begin, err := d.Token(); err != nil || begin != json.Delim('{') {
		return errors.New("labels are no object")
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		value, err := d.Token()
		if err != nil {
			return err
		}
		label, _ := name.(string)
		score, ok := value.(float64)
		if err := checkLabel(label); err != nil {
			return err
		}
		if !ok || !(score >= 0 && score <= 1) {
			return fmt.Errorf("the score of %s is %.40q, not a number from 0 to 1", label, fmt.Sprint(value))
		}
		if _, twice := read[label]; twice {
			return fmt.Errorf("label %s comes twice", label)
		}
		if len(read) == maxLabels {
			return fmt.Errorf("there are more than %d labels", maxLabels)
		}
		read[label] = score
	}
	*s = read
	return nil
}

// parseVerdict reads an answer of POST /v1/classify, and believes nothing.
func parseVerdict(text []byte) (Verdict, error) {
	var answer struct {
		Model  string `json:"model"`
		Labels scores `json:"labels"`
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return Verdict{}, err
	}
	if err := checkModel(answer.Model); err != nil {
		return Verdict{}, err
	}
	if len(answer.Labels) == 0 {
		return Verdict{}, errors.New("it has no labels")
	}
	return Verdict{Model: answer.Model, Labels: answer.Labels}, nil
}

func checkModel(name string) error {
	ok := name != "" && len(name) <= maxModel
	for i := 0; ok && i < len(name); i++ {
		ok = name[i] > ' ' && name[i] <= '~'
	}
	if !ok {
		return fmt.Errorf("model is %.120q, not 1 to %d visible ASCII characters", name, maxModel)
	}
	return nil
}

func checkLabel(name string) error {
	ok := name != "" && len(name) <= maxName
	for i := 0; ok && i < len(name); i++ {
		c := name[i]
		ok = 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '_' || c == '-'
	}
	if !ok {
		return fmt.Errorf("label %.40q is not 1 to %d characters out of a-z, 0-9, _ and -", name, maxName)
	}
	return nil
}
