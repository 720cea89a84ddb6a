package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/setup"
)

// questions asks a person.
type questions struct {
	in  *bufio.Reader
	out io.Writer
}

// newQuestions is nil where nobody is to be asked.
func newQuestions(cmd *cobra.Command, yes bool) *questions {
	tty, ok := cmd.InOrStdin().(*os.File)
	if yes || !ok || !term.IsTerminal(tty.Fd()) {
		return nil
	}
	return &questions{bufio.NewReader(stdin(cmd)), cmd.OutOrStdout()}
}

// askAll asks for everything, and offers what there is already.
func (q *questions) askAll(a *setup.Answers, calls *int) error {
	steps := []struct {
		flag, prompt string
		value        *string
		asked        func() bool // nil: always
	}{
		{"domain", "Name under which visitors come (chat.example.org)", &a.Domain, nil},
		{"contact", "Where they reach you: an e-mail address or a URL", &a.Contact, nil},
		{"abuse-contact", "E-mail address for reports of abuse (empty: the contact)", &a.AbuseContact, nil},
		{"tls", "How they get https:\n" +
			"  acme         joingyd obtains a certificate (Let's Encrypt), and you accept its terms\n" +
			"  files        you have a certificate\n" +
			"  proxy        a reverse proxy or a CDN has it\n" +
			"  self-signed  on a LAN: browsers warn once\n" +
			"  none         not at all: text chats alone\n" +
			"Which", (*string)(&a.TLS), nil},
		{"cert", "File with the certificate chain (PEM)", &a.CertFile, func() bool { return a.TLS == setup.Files }},
		{"key", "File with its private key (PEM)", &a.KeyFile, func() bool { return a.TLS == setup.Files }},
		{"relay-host", "Name or address under which browsers reach the relay: this machine itself, which no proxy or CDN stands for", &a.RelayHost, func() bool { return a.TLS == setup.Proxy }},
		{"traffic-per-month", "What the relay may carry in a calendar month, such as 20TB (empty: no limit)", &a.TrafficPerMonth, nil},
	}
	for _, step := range steps {
		if step.asked != nil && !step.asked() {
			continue
		}
		if err := q.ask(a, step.flag, step.prompt, step.value); err != nil {
			return err
		}
	}
	if *calls > 0 {
		return nil
	}
	for {
		text, err := q.line("Video calls at once that you expect (empty: no estimate of the traffic)", "")
		if err != nil || text == "" {
			return err
		}
		if n, err := strconv.Atoi(text); err == nil && n > 0 && n <= 1_000_000 {
			*calls = n
			return nil
		}
		fmt.Fprintf(q.out, "%q is not a number from 1 to 1,000,000.\n", text)
	}
}

// ask asks until there is an answer that can be used.
func (q *questions) ask(a *setup.Answers, flag, prompt string, value *string) error {
	for {
		text, err := q.line(prompt, *value)
		if err != nil {
			return err
		}
		*value = text
		problems := a.Validate()
		at := slices.IndexFunc(problems, func(p *setup.Problem) bool { return p.Answer == flag })
		if at < 0 && (flag != "relay-host" || text != "") {
			return nil
		}
		if at >= 0 {
			fmt.Fprintln(q.out, strings.TrimPrefix(problems[at].Error(), "--"))
		} else {
			fmt.Fprintln(q.out, "it is needed")
		}
		*value = ""
	}
}

// line asks once. An empty line is what is offered, and a dash nothing.
func (q *questions) line(prompt, offered string) (string, error) {
	if offered != "" {
		prompt += " [" + offered + "]"
	}
	fmt.Fprint(q.out, prompt+": ")
	text, err := q.in.ReadString('\n')
	if err != nil {
		fmt.Fprintln(q.out)
		if errors.Is(err, io.EOF) {
			err = errors.New("the questions were not answered; nothing was changed")
		}
		return "", err
	}
	switch text = strings.TrimSpace(text); text {
	case "":
		return offered, nil
	case "-":
		return "", nil
	}
	return text, nil
}

// confirm asks for a yes, which an empty line is.
func (q *questions) confirm(prompt string) bool {
	text, err := q.line(prompt+" (yes or no)", "yes")
	return err == nil && slices.Contains([]string{"yes", "y"}, strings.ToLower(text))
}
