package userpool

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// object is a JSON object as it came, or as it goes out. Inputs have been validated against the model before a
// handler reads them, so the readers below need no error. Member names are case-sensitive, as the service's are;
// that is why inputs are not decoded into structs, where encoding/json would forgive.
type object map[string]any

func (o object) text(name string) string { text, _ := o[name].(string); return text }
func (o object) truth(name string) bool  { truth, _ := o[name].(bool); return truth }
func (o object) has(name string) bool    { return o[name] != nil }

func (o object) object(name string) object {
	inner, _ := o[name].(map[string]any)
	return inner
}

func (o object) whole(name string, fallback int) int {
	number, ok := o[name].(json.Number)
	if !ok {
		return fallback
	}
	value, err := strconv.Atoi(number.String())
	if err != nil {
		return fallback
	}
	return value
}

func (o object) list(name string) []object {
	items, _ := o[name].([]any)
	all := make([]object, 0, len(items))
	for _, item := range items {
		inner, _ := item.(map[string]any)
		all = append(all, inner)
	}
	return all
}

func (o object) texts(name string) []string {
	items, _ := o[name].([]any)
	all := make([]string, 0, len(items))
	for _, item := range items {
		text, _ := item.(string)
		all = append(all, text)
	}
	return all
}

// decodeObject reads one JSON object and nothing after it. An empty body is an empty object, as some clients send it.
func decodeObject(body []byte) (object, *exception) {
	if len(bytes.TrimSpace(body)) == 0 {
		return object{}, nil
	}
	if !utf8.Valid(body) {
		return nil, serialization("Unable to parse the request body: not UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, serialization("Unable to parse the request body")
	}
	if _, err := decoder.Token(); err != io.EOF { //nolint:errorlint // Token answers io.EOF itself
		return nil, serialization("Unable to parse the request body")
	}
	fields, ok := value.(map[string]any)
	if !ok {
		return nil, serialization("Start of structure or map found where not expected.")
	}
	return fields, nil
}

// validate checks an input against the model and gathers every violation into one exception, as the service does.
func (m model) validate(operation string, input object) *exception {
	v := validation{model: m}
	v.structure(m.inputs[operation], input, "")
	if v.wrongType != nil {
		return v.wrongType
	}
	switch len(v.faults) {
	case 0:
		return nil
	case 1:
		return invalidParameter("1 validation error detected: %s", v.faults[0])
	}
	return invalidParameter("%d validation errors detected: %s", len(v.faults), strings.Join(v.faults, "; "))
}

// maxFaults bounds what one answer lists: a list of a thousand bad items needs no thousand sentences.
const maxFaults = 20

type validation struct {
	model     model
	faults    []string
	wrongType *exception
}

func (v *validation) structure(s shape, input map[string]any, path string) {
	for _, m := range s.members {
		at := lowerCamel(m.name)
		if path != "" {
			at = path + "." + at
		}
		value := input[m.name]
		if value == nil {
			if m.required {
				v.fault("null", at, "Member must not be null")
			}
			continue
		}
		v.value(v.model.shapes[m.shape], value, at)
	}
}

func (v *validation) value(s shape, value any, at string) {
	if len(v.faults) >= maxFaults || v.wrongType != nil {
		return
	}
	switch s.kind {
	case kindText:
		if text, ok := value.(string); ok {
			v.text(s, text, at)
			return
		}
	case kindEnum:
		if text, ok := value.(string); ok {
			v.enum(s, text, at)
			return
		}
	case kindWhole:
		if number, ok := value.(json.Number); ok {
			v.whole(s, number, at)
			return
		}
	case kindTruth:
		if _, ok := value.(bool); ok {
			return
		}
	case kindList:
		if items, ok := value.([]any); ok {
			v.length(s, len(items), "[…]", at)
			for i, item := range items {
				v.item(s, item, fmt.Sprintf("%s.%d.member", at, i+1))
			}
			return
		}
	case kindMap:
		if fields, ok := value.(map[string]any); ok {
			for key, item := range fields {
				v.item(s, item, at+"."+key)
			}
			return
		}
	case kindStructure:
		if fields, ok := value.(map[string]any); ok {
			v.structure(s, fields, at)
			return
		}
	}
	v.wrongType = serialization(typeName(value) + " can not be converted to " + string(s.kind) + " at '" + at + "'")
}

func (v *validation) item(s shape, item any, at string) {
	if item == nil {
		v.fault("null", at, "Member must not be null")
		return
	}
	v.value(v.model.shapes[s.element], item, at)
}

func (v *validation) text(s shape, text, at string) {
	shown := "'" + text + "'"
	if s.sensitive {
		shown = ""
	}
	if s.matches != nil && !s.matches(text) {
		v.fault(shown, at, "Member must satisfy regular expression pattern: "+s.pattern)
	}
	v.length(s, utf8.RuneCountInString(text), shown, at)
}

func (v *validation) length(s shape, length int, shown, at string) {
	if s.min >= 0 && length < s.min {
		v.fault(shown, at, "Member must have length greater than or equal to "+strconv.Itoa(s.min))
	}
	if s.max >= 0 && length > s.max {
		v.fault(shown, at, "Member must have length less than or equal to "+strconv.Itoa(s.max))
	}
}

func (v *validation) enum(s shape, text, at string) {
	for _, allowed := range s.values {
		if text == allowed {
			return
		}
	}
	v.fault("'"+text+"'", at, "Member must satisfy enum value set: ["+strings.Join(s.values, ", ")+"]")
}

func (v *validation) whole(s shape, number json.Number, at string) {
	value, err := strconv.ParseInt(number.String(), 10, 64)
	if err != nil {
		v.wrongType = serialization("DECIMAL_VALUE can not be converted to an Integer at '" + at + "'")
		return
	}
	shown := "'" + number.String() + "'"
	if s.min >= 0 && value < int64(s.min) {
		v.fault(shown, at, "Member must have value greater than or equal to "+strconv.Itoa(s.min))
	}
	if s.max >= 0 && value > int64(s.max) {
		v.fault(shown, at, "Member must have value less than or equal to "+strconv.Itoa(s.max))
	}
}

// fault writes one violation. A sensitive value is not shown at all.
func (v *validation) fault(shown, at, sentence string) {
	if shown != "" {
		shown += " "
	}
	v.faults = append(v.faults, "Value "+shown+"at '"+at+"' failed to satisfy constraint: "+sentence)
}

func typeName(value any) string {
	switch value.(type) {
	case string:
		return "STRING_VALUE"
	case bool:
		return "BOOLEAN_VALUE"
	case json.Number:
		return "NUMBER_VALUE"
	case []any:
		return "ARRAY_VALUE"
	}
	return "OBJECT_VALUE"
}

func lowerCamel(name string) string {
	first, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToLower(first)) + name[size:]
}
