package match_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/joingyd/joingyd/match"
)

// The tables of docs/protocol.md list what the code has, and nothing else.
func TestReferenceListsWhatTheCodeHas(t *testing.T) {
	text, code := reference(t), readCode(t)
	for _, list := range []struct {
		heading string
		code    []string
	}{
		{"### From the client", code.clientTypes},
		{"### From the daemon", code.serverTypes},
		{"### Error codes", match.ErrorCodes()},
		{"### Reasons of `left`", code.leftReasons},
		{"### Close codes", code.closeCodes},
	} {
		documented := firstColumn(text, list.heading)
		if len(documented) == 0 {
			t.Errorf("%s: no table", list.heading)
		}
		for _, name := range missing(documented, list.code) {
			t.Errorf("%s: %s is in the code, not in the table", list.heading, name)
		}
		for _, name := range missing(list.code, documented) {
			t.Errorf("%s: %s is in the table, not in the code", list.heading, name)
		}
	}
	for _, name := range missing(match.ErrorCodes(), code.errorCodes) {
		t.Errorf("ErrorCodes lacks %s", name)
	}
	for _, reason := range match.ReportReasons() {
		if !strings.Contains(text, `"`+reason+`"`) {
			t.Errorf("the reason %s of a report is not documented", reason)
		}
	}
}

// And each has an example, but the close codes that no example can show: what a
// client of joingy.v1 does not do.
func TestReferenceHasAnExampleOfEach(t *testing.T) {
	text := reference(t)
	said, got := map[string]bool{}, map[string]bool{}
	field := regexp.MustCompile(`"(type|code|reason)":"([a-z_]+)"`)
	for _, e := range examples(t) {
		for _, text := range e.steps {
			m := step.FindStringSubmatch(text)
			if m == nil {
				continue
			}
			direction := said
			if m[2] == "←" {
				direction = got
			}
			for _, found := range field.FindAllStringSubmatch(m[3], -1) {
				direction[found[1]+" "+found[2]] = true
			}
			if code, ok := strings.CutPrefix(m[3], "close "); ok {
				got["close "+code[:4]] = true
			}
		}
	}
	for _, list := range []struct {
		heading, field string
		shown          map[string]bool
	}{
		{"### From the client", "type", said},
		{"### From the daemon", "type", got},
		{"### Error codes", "code", got},
		{"### Reasons of `left`", "reason", got},
		{"### Close codes", "close", got},
	} {
		for _, name := range firstColumn(text, list.heading) {
			if !list.shown[list.field+" "+name] && !slices.Contains([]string{"1002", "1003", "1007", "1008"}, name) {
				t.Errorf("%s: no example has %s", list.heading, name)
			}
		}
	}
}

func missing(from, names []string) (list []string) {
	for _, name := range names {
		if !slices.Contains(from, name) {
			list = append(list, name)
		}
	}
	return list
}

// firstColumn returns the names in the table below a heading.
func firstColumn(text, heading string) (names []string) {
	_, section, _ := strings.Cut(text, "\n"+heading+"\n")
	section, _, _ = strings.Cut(section, "\n#")
	row := regexp.MustCompile("(?m)^\\| `?([a-z_0-9]+)`? \\|")
	for _, m := range row.FindAllStringSubmatch(section, -1) {
		if m[1] != "type" && m[1] != "code" && m[1] != "reason" {
			names = append(names, m[1])
		}
	}
	return names
}

// code is what package match says it has, read from its source.
type code struct {
	clientTypes, serverTypes, errorCodes, leftReasons, closeCodes []string
}

func readCode(t *testing.T) code {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var c code
	for _, entry := range entries {
		if name := entry.Name(); strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, c.look)
		}
	}
	// What is below the messages sends these: for frames that RFC 6455 forbids, for
	// text that is not UTF-8, and for messages past the limit.
	c.closeCodes = append(c.closeCodes, "1002", "1007", "1009")
	return c
}

func (c *code) look(node ast.Node) bool {
	switch node := node.(type) {
	case *ast.CompositeLit: // head{Type: "welcome"}
		if name, ok := node.Type.(*ast.Ident); ok && name.Name == "head" {
			for _, field := range node.Elts {
				if pair, ok := field.(*ast.KeyValueExpr); ok {
					c.serverTypes = appendString(c.serverTypes, pair.Value)
				}
			}
		}
	case *ast.SwitchStmt: // switch m.Type { case "find": …
		if isMessageType(node.Tag) {
			for _, clause := range node.Body.List {
				for _, expr := range clause.(*ast.CaseClause).List {
					c.clientTypes = appendString(c.clientTypes, expr)
				}
			}
		}
	case *ast.ValueSpec: // constants
		for i, value := range node.Values {
			switch typ, _ := node.Type.(*ast.Ident); {
			case strings.HasPrefix(node.Names[i].Name, "close"):
				c.closeCode(value)
			case typ != nil && typ.Name == "errorCode":
				c.errorCodes = appendString(c.errorCodes, value)
			case typ != nil && typ.Name == "leftReason":
				c.leftReasons = appendString(c.leftReasons, value)
			}
		}
	case *ast.CallExpr: // k.shut(websocket.StatusUnsupportedData, …)
		for _, argument := range node.Args {
			if _, named := argument.(*ast.SelectorExpr); named {
				c.closeCode(argument)
			}
		}
	}
	return true
}

func isMessageType(expr ast.Expr) bool {
	selector, ok := expr.(*ast.SelectorExpr)
	return ok && selector.Sel.Name == "Type"
}

func appendString(list []string, expr ast.Expr) []string {
	if literal, ok := expr.(*ast.BasicLit); ok && literal.Kind == token.STRING {
		if text, err := strconv.Unquote(literal.Value); err == nil {
			return append(list, text)
		}
	}
	return list
}

// statuses are the library's names of close codes.
var statuses = map[string]websocket.StatusCode{
	"StatusGoingAway":               websocket.StatusGoingAway,
	"StatusUnsupportedData":         websocket.StatusUnsupportedData,
	"StatusInvalidFramePayloadData": websocket.StatusInvalidFramePayloadData,
	"StatusPolicyViolation":         websocket.StatusPolicyViolation,
	"StatusMessageTooBig":           websocket.StatusMessageTooBig,
	"StatusInternalError":           websocket.StatusInternalError,
	"StatusProtocolError":           websocket.StatusProtocolError,
	"StatusTryAgainLater":           websocket.StatusTryAgainLater,
	"StatusNormalClosure":           websocket.StatusNormalClosure,
}

func (c *code) closeCode(expr ast.Expr) {
	switch expr := expr.(type) {
	case *ast.BasicLit:
		if n, err := strconv.Atoi(expr.Value); err == nil && 1000 <= n && n < 5000 {
			c.closeCodes = append(c.closeCodes, expr.Value)
		}
	case *ast.SelectorExpr:
		if status, ok := statuses[expr.Sel.Name]; ok {
			c.closeCodes = append(c.closeCodes, fmt.Sprint(int(status)))
		}
	}
}
