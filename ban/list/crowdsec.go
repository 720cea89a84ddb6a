package list

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// maxDepth bounds how deep JSON is nested. An alert's decisions are at 4.
const maxDepth = 50

var (
	errLongJSON = errors.New("a value is longer than 64 KiB")
	errDeepJSON = errors.New("it is nested too deeply")
)

// decisions reads CrowdSec's decisions out of JSON: objects that follow each
// other or are in arrays, each a decision, or an alert with its decisions.
type decisions struct {
	dec   *json.Decoder
	in    *jsonInput
	out   *sink
	depth int
}

func readCrowdSec(r io.Reader, out *sink) error {
	in := &jsonInput{r: r}
	in.dec = json.NewDecoder(in)
	in.dec.UseNumber()
	d := &decisions{dec: in.dec, in: in, out: out}
	err := d.values()
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, errLongJSON) || errors.Is(err, errDeepJSON) {
		return fmt.Errorf("line %d: this is not what cscli decisions list -o json writes: %w; write it anew, and import again", in.line(), err)
	}
	return err
}

// values reads up to the end of the array, or of the input.
func (d *decisions) values() error {
	for {
		token, err := d.dec.Token()
		switch {
		case err == io.EOF && d.depth == 0:
			return nil
		case err != nil:
			return whole(err)
		case token == json.Delim(']'):
			return nil
		case token == json.Delim('['):
			err = d.inside(d.values)
		case token == json.Delim('{'):
			err = d.inside(d.object)
		case token != nil: // null is an empty list
			err = d.out.refuse(d.in.line(), fmt.Sprint(token), "it is not a decision; write an object with a value")
		}
		if err != nil {
			return err
		}
	}
}

// inside runs read one level deeper.
func (d *decisions) inside(read func() error) error {
	if d.depth++; d.depth > maxDepth {
		return errDeepJSON
	}
	defer func() { d.depth-- }()
	return read()
}

// whole tells the end of the input from that of a value.
func whole(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// object reads a decision, or an alert.
func (d *decisions) object() error {
	found := draft{line: d.in.line()}
	isAlert := false
	for d.dec.More() {
		key, err := d.dec.Token()
		if err != nil {
			return whole(err)
		}
		if key == "decisions" {
			isAlert = true
			if err := d.list(); err != nil {
				return err
			}
			continue
		}
		text, err := d.text()
		if err != nil {
			return err
		}
		if name, _ := key.(string); text != "" {
			found.setCrowdSec(name, text)
		}
	}
	if _, err := d.dec.Token(); err != nil {
		return whole(err)
	}
	if isAlert {
		return nil
	}
	if found.target == "" {
		return d.out.refuse(found.line, "", "it has no value; name the address in value")
	}
	return d.out.add(found)
}

// setCrowdSec takes a decision's field: as the local API names it, or as cscli
// decisions import does.
func (d *draft) setCrowdSec(name, text string) {
	switch name {
	case "value":
		d.target = text
	case "scope":
		d.scope = text
	case "type":
		d.kind = text
	case "duration", "until":
		d.end = text
	case "scenario", "reason":
		d.source = text
	case "origin":
		d.origin = text
	case "simulated":
		d.simulated = text
	}
}

// list reads an alert's decisions. It may be null.
func (d *decisions) list() error {
	token, err := d.dec.Token()
	switch {
	case err != nil:
		return whole(err)
	case token == json.Delim('['):
		return d.inside(d.values)
	default:
		return d.skip(token)
	}
}

// text reads a value, and returns it if it is a scalar.
func (d *decisions) text() (string, error) {
	token, err := d.dec.Token()
	if err != nil {
		return "", whole(err)
	}
	switch token := token.(type) {
	case nil:
		return "", nil
	case json.Delim:
		return token.String(), d.skip(token)
	default:
		return fmt.Sprint(token), nil
	}
}

// skip passes over the rest of the value that begins with token.
func (d *decisions) skip(token json.Token) (err error) {
	for depth := 0; ; {
		switch token {
		case json.Delim('['), json.Delim('{'):
			if depth++; d.depth+depth > maxDepth {
				return errDeepJSON
			}
		case json.Delim(']'), json.Delim('}'):
			depth--
		}
		if depth == 0 {
			return nil
		}
		if token, err = d.dec.Token(); err != nil {
			return whole(err)
		}
	}
}

// jsonInput is what a decoder reads from. It bounds what the decoder must hold
// and counts lines, neither of which the decoder does.
type jsonInput struct {
	r    io.Reader
	dec  *json.Decoder
	read int64   // bytes that the decoder got
	ends []int64 // where lines end that the decoder got and has not passed
	past int     // lines that it has passed
}

// Read hands on at most maxLine bytes, and fails if the decoder holds as many
// already and still has no value.
func (j *jsonInput) Read(p []byte) (int, error) {
	if j.read-j.dec.InputOffset() >= maxLine {
		return 0, errLongJSON
	}
	j.line()
	n, err := j.r.Read(p[:min(len(p), maxLine)])
	for i, c := range p[:n] {
		if c == '\n' {
			j.ends = append(j.ends, j.read+int64(i))
		}
	}
	j.read += int64(n)
	return n, err
}

// line returns the line that the decoder is on, from 1.
func (j *jsonInput) line() int {
	passed := 0
	for passed < len(j.ends) && j.ends[passed] < j.dec.InputOffset() {
		passed++
	}
	j.ends = append(j.ends[:0], j.ends[passed:]...)
	j.past += passed
	return j.past + 1
}

// crowdSecWriter writes the array that cscli decisions import reads.
type crowdSecWriter struct {
	w     *bufio.Writer
	now   time.Time
	count int
}

func (c *crowdSecWriter) begin() error { return c.w.WriteByte('[') }

// forever is how long a permanent ban is written to last: cscli knows no other
// word for it.
const forever = 10 * longest

func (c *crowdSecWriter) add(r row) error {
	duration := forever
	if !r.until.IsZero() {
		duration = r.until.Sub(c.now)
	}
	scope := "Range"
	if prefix := r.target.Prefix(); prefix.IsSingleIP() && prefix.Addr().Is4() {
		scope = "Ip" // an IPv6 address would be read back as its /64
	}
	text, err := json.Marshal(struct {
		Duration string `json:"duration"`
		Reason   string `json:"reason,omitempty"`
		Scope    string `json:"scope"`
		Type     string `json:"type"`
		Value    string `json:"value"`
	}{duration.String(), r.reason, scope, "ban", r.target.String()})
	if err != nil {
		return err
	}
	if c.count++; c.count > 1 {
		c.w.WriteByte(',')
	}
	c.w.WriteByte('\n')
	_, err = c.w.Write(text)
	return err
}

func (c *crowdSecWriter) end() error {
	_, err := c.w.WriteString("\n]\n")
	return err
}
