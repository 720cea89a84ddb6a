package web

import (
	"html/template"
	"strings"
)

// contact returns how to reach the operator, as a link if it can be one.
func contact(address, none string) template.HTML {
	switch href := contactLink(address); {
	case address == "":
		return escaped(none)
	case href == "":
		return escaped(address)
	default:
		return element("a", address, "href", href, "rel", "noopener noreferrer")
	}
}

// contactLink returns where a click on a contact goes, if anywhere.
func contactLink(contact string) string {
	switch {
	case strings.HasPrefix(contact, "https://"), strings.HasPrefix(contact, "http://"):
		return contact
	case strings.Contains(contact, "@") && !strings.ContainsAny(contact, " :/?&"):
		return "mailto:" + contact
	}
	return ""
}

// processorList returns who else handles data for the site, as a list.
func processorList(processors []string, none string) template.HTML {
	if len(processors) == 0 {
		return element("p", none)
	}
	var items strings.Builder
	for _, p := range processors {
		items.WriteString(string(element("li", p)))
	}
	return element("ul", template.HTML(items.String()))
}
