package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/joingyd/joingyd/config"
)

func newManCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "man DIR",
		Short:  "Write the manual pages into a directory",
		Hidden: true, // for the Debian package
		Args:   cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			for name, page := range manPages(cmd.Root()) {
				if err := os.WriteFile(filepath.Join(args[0], name), []byte(page), 0o644); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// manPages returns a page for each command that help shows, joingyd-bans-list.1, and
// joingyd.yaml.5, by name. They carry the version and no date: the same program makes
// the same pages.
func manPages(root *cobra.Command) map[string]string {
	pages := map[string]string{"joingyd.yaml.5": configPage()}
	var visit func(*cobra.Command)
	visit = func(cmd *cobra.Command) {
		pages[manName(cmd)+".1"] = commandPage(cmd)
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() {
				visit(sub)
			}
		}
	}
	visit(root)
	return pages
}

func manName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// commandPage is the page of one command.
func commandPage(cmd *cobra.Command) string {
	cmd.InitDefaultHelpFlag()
	cmd.InitDefaultVersionFlag()
	var p manPage
	p.title(manName(cmd), "1", "User Commands", strings.TrimSuffix(cmd.Short, "."))
	p.section("SYNOPSIS")
	if cmd.HasAvailableSubCommands() {
		p.line(`\fB` + roff(cmd.CommandPath()) + `\fR COMMAND`)
	} else {
		p.line(`\fB` + roff(cmd.CommandPath()) + `\fR` + roff(strings.TrimPrefix(cmd.UseLine(), cmd.CommandPath())))
	}
	p.section("DESCRIPTION")
	long := cmd.Long
	if long == "" {
		long = strings.TrimSuffix(cmd.Short, ".") + "."
	}
	p.text(long)
	if cmd.HasAvailableSubCommands() {
		p.section("COMMANDS")
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() {
				p.item(`\fB`+roff(manName(sub))+`\fR(1)`, sub.Short)
			}
		}
	}
	if flags := cmd.NonInheritedFlags(); flags.HasAvailableFlags() {
		p.section("OPTIONS")
		flags.VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				p.item(manFlag(f), f.Usage)
			}
		})
	}
	if cmd.Example != "" {
		p.section("EXAMPLES")
		p.verbatim(cmd.Example)
	}
	if !cmd.HasParent() {
		p.section("FILES")
		p.item(roff("/etc/joingyd/joingyd.yaml"), "Settings of the packaged daemon, joingyd.yaml(5).")
		p.item(roff("/var/lib/joingyd"), "Its data: ban store, secrets, cases.")
		p.item(roff("/run/joingyd/admin.sock"), "Its control socket.")
	}
	p.section("SEE ALSO")
	also := []string{`\fBjoingyd.yaml\fR(5)`}
	if cmd.HasParent() {
		also = append(also, `\fB`+roff(manName(cmd.Parent()))+`\fR(1)`)
	}
	p.line(strings.Join(also, ", ") + ",")
	p.line(roff("/usr/share/doc/joingyd"))
	return p.String()
}

// manFlag is a flag as the page's reader types it.
func manFlag(f *pflag.Flag) string {
	text := `\fB` + roff("--"+f.Name) + `\fR`
	if f.Shorthand != "" {
		text = `\fB` + roff("-"+f.Shorthand) + `\fR, ` + text
	}
	if f.Value.Type() != "bool" {
		text += ` \fI` + roff(f.Value.Type()) + `\fR`
	}
	switch f.DefValue {
	case "", "[]", "false", "0":
	default:
		text += " (default " + roff(f.DefValue) + ")"
	}
	return text
}

// configPage is the page of the settings' file.
func configPage() string {
	var p manPage
	p.title("joingyd.yaml", "5", "File Formats", "settings of joingyd")
	p.section("DESCRIPTION")
	p.text(`The file that joingyd serve takes with --config, in YAML; TOML and JSON by the ending .toml and .json. A key that nobody knows, or a value that does not fit, refuses to start. Flags win over the environment, and the environment over the file.

joingyd config example prints a whole commented file, joingyd config check tells what is wrong with one.`)
	p.section("KEYS")
	defaults := config.Default()
	for _, f := range config.Fields() {
		p.item(`\fB`+roff(f.Key)+`\fR (`+f.Type+`, default `+roff(config.FormatValue(f.Value(defaults)))+`)`, f.Doc)
		p.line(".br")
		p.line(roff("--" + f.Flag + ", " + f.Env))
	}
	p.section("FILES")
	p.line(roff("/etc/joingyd/joingyd.yaml"))
	p.section("SEE ALSO")
	p.line(`\fBjoingyd\fR(1), \fBjoingyd\-config\fR(1)`)
	return p.String()
}

// manPage is a page as it is written, in roff's man macros (groff_man(7)).
type manPage struct{ strings.Builder }

func (p *manPage) line(s string) { p.WriteString(s + "\n") }

func (p *manPage) title(name, section, manual, what string) {
	p.line(fmt.Sprintf(`.TH "%s" "%s" "" "joingyd %s" "%s"`, roff(strings.ToUpper(name)), section, roff(programVersion()), manual))
	p.section("NAME")
	p.line(roff(name) + ` \- ` + roff(what))
}

func (p *manPage) section(name string) { p.line(".SH " + name) }

// text is paragraphs. What is indented in them stays as it is.
func (p *manPage) text(s string) {
	for i, paragraph := range strings.Split(strings.TrimSpace(s), "\n\n") {
		switch {
		case strings.HasPrefix(paragraph, " "), strings.HasPrefix(paragraph, "\t"):
			p.verbatim(paragraph)
		default:
			if i > 0 {
				p.line(".PP")
			}
			p.line(roff(paragraph))
		}
	}
}

func (p *manPage) verbatim(s string) {
	p.line(".PP\n.nf\n" + roff(strings.Trim(s, "\n")) + "\n.fi")
}

func (p *manPage) item(head, text string) {
	p.line(".TP\n" + head)
	p.line(roff(text))
}

// roff escapes text: hyphens stay those of a command line, and no line is taken for a
// request.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, `-`, `\-`, `"`, `\(dq`, `~`, `\(ti`, `^`, `\(ha`, "`", `\(ga`).Replace(s)
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
