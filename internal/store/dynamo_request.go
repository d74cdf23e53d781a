package store

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// key is an item's.
type key struct{ pk, sk string }

// only is the sort key of an item that is alone in its partition.
const only = "-"

func (k key) item() item { return item{"pk": text(k.pk), "sk": text(k.sk)} }

// item is what is stored under a key: attributes by name.
type item map[string]value

// What makes values, keys and steps is called at hundreds of places, so it is not inlined: that is 12 kB of the binary.

// value is an attribute: its type, "S", "N" or "B", and then the text, the number or the bytes.
type value string

//go:noinline
func text(s string) value { return value("S" + clean(s)) }

//go:noinline
func number(n int64) value { return value("N" + strconv.FormatInt(n, 10)) }

//go:noinline
func blob(b []byte) value { return value("B" + string(b)) }

//go:noinline
func at(t time.Time) value { return number(micros(t)) }

// ttl is the second that begins at a moment or after it: nothing goes too early.
//
//go:noinline
func ttl(t time.Time) value { return number((micros(t) + 999_999) / 1_000_000) }

// MarshalJSON writes a value as DynamoDB reads it: {"S": "text"}, {"N": "7"} or {"B": "base64"}.
func (v value) MarshalJSON() ([]byte, error) {
	if v[0] == 'B' {
		return json.Marshal(map[string][]byte{"B": []byte(v[1:])})
	}
	return json.Marshal(map[string]string{string(v[:1]): string(v[1:])})
}

// UnmarshalJSON reads a value: one of another type, which only somebody else can have put there, as nothing.
func (v *value) UnmarshalJSON(said []byte) error {
	var read struct {
		S, N *string
		B    []byte
	}
	err := json.Unmarshal(said, &read)
	switch {
	case read.S != nil:
		*v = value("S" + *read.S)
	case read.N != nil:
		*v = value("N" + *read.N)
	default:
		*v = blob(read.B)
	}
	return err
}

// of is what a value of some type says: nothing when it has another.
func (v value) of(kind string) string {
	said, _ := strings.CutPrefix(string(v), kind)
	if said == string(v) {
		return ""
	}
	return said
}

func (i item) text(name string) string { return i[name].of("S") }

func (i item) bytes(name string) []byte {
	if said := i[name].of("B"); said != "" {
		return []byte(said)
	}
	return nil
}

func (i item) number(name string) int64 {
	n, err := strconv.ParseInt(i[name].of("N"), 10, 64)
	if err != nil { // only somebody else can have put it there
		return 0
	}
	return n
}

func (i item) moment(name string) time.Time { return moment(i.number(name)) }

// field is an attribute and the Go value that it is written from and read into.
type field struct {
	name string
	at   any // *string or one of its kind, *int64, *int, *bool, *time.Time, *time.Duration, *[]byte, *[32]byte, *[16]byte
}

// itemOf writes fields.
func itemOf(fields []field) item {
	i := item{}
	for _, f := range fields {
		switch v := f.at.(type) {
		case *int64:
			i[f.name] = number(*v)
		case *int:
			i[f.name] = number(int64(*v))
		case *bool:
			i[f.name] = number(yes(*v))
		case *time.Time:
			i[f.name] = at(*v)
		case *time.Duration:
			i[f.name] = number(v.Microseconds())
		case *[]byte:
			i[f.name] = blob(*v)
		case *[32]byte:
			i[f.name] = blob(v[:])
		case *[16]byte:
			i[f.name] = blob(v[:])
		default:
			i[f.name] = text(reflect.ValueOf(v).Elem().String())
		}
	}
	return i
}

// read reads what itemOf wrote. A hash or holder that is none is read as zeros: see array32.
func (i item) read(fields []field) {
	for _, f := range fields {
		switch v := f.at.(type) {
		case *int64:
			*v = i.number(f.name)
		case *int:
			*v = int(i.number(f.name))
		case *bool:
			*v = i.number(f.name) == 1
		case *time.Time:
			*v = i.moment(f.name)
		case *time.Duration:
			*v = time.Duration(i.number(f.name)) * time.Microsecond
		case *[]byte:
			*v = notNull(i.bytes(f.name))
		case *[32]byte:
			_ = array32{v}.Scan(i.bytes(f.name))
		case *[16]byte:
			_ = array16{v}.Scan(i.bytes(f.name))
		default:
			reflect.ValueOf(v).Elem().SetString(i.text(f.name))
		}
	}
}

// with is the item and one attribute more.
func (i item) with(name string, v value) item {
	i[name] = v
	return i
}

// full is the item with its key, as it is stored: without empty texts and bytes.
func (i item) full(k key) item {
	full := k.item()
	for name, v := range i {
		if len(v) > 1 {
			full[name] = v
		}
	}
	return full
}

// keyText is text as part of a key, which has at most 1,024 bytes.
//
//go:noinline
func keyText(s string) string {
	if s = clean(s); len(s) > 400 {
		sum := sha256.Sum256([]byte(s))
		s = "…" + hex.EncodeToString(sum[:])
	}
	return s
}

func keyHash(hash [32]byte) string { return hex.EncodeToString(hash[:]) }

// keyNumber sorts as its number does.
//
//go:noinline
func keyNumber(n int64) string { return fmt.Sprintf("%020d", n) }

//go:noinline
func keyID(kind string, id int64) key { return key{kind + " " + strconv.FormatInt(id, 10), only} }

// owned is the partition of what belongs to an account.
//
//go:noinline
func owned(kind, pool, account string) string {
	return kind + " " + keyText(pool) + " " + keyText(account)
}

// change is one change of an item: "#name" stands for an attribute, ":name" for a value.
type change struct {
	key       key
	set       string // what Update changes
	condition string // what must hold
	values    item
	twice     bool // done twice it is as if done once: it may be sent again when its answer is lost
}

// action is a change, or the writing of an item, as DynamoDB reads it.
type action struct {
	TableName                 string
	Key                       item              `json:",omitempty"`
	Item                      item              `json:",omitempty"`
	UpdateExpression          string            `json:",omitempty"`
	ConditionExpression       string            `json:",omitempty"`
	ExpressionAttributeNames  map[string]string `json:",omitempty"`
	ExpressionAttributeValues item              `json:",omitempty"`
	ReturnValues              string            `json:",omitempty"`
}

// step is one of a transaction's: one of the four is set.
type step struct {
	Put            *action `json:",omitempty"`
	Update         *action `json:",omitempty"`
	Delete         *action `json:",omitempty"`
	ConditionCheck *action `json:",omitempty"`
}

func (c change) action() *action {
	return &action{
		Key: c.key.item(), UpdateExpression: c.set, ConditionExpression: c.condition,
		ExpressionAttributeNames: names(c.set, c.condition), ExpressionAttributeValues: c.values,
	}
}

// absent is the condition of an item that must be new.
const absent = "attribute_not_exists(#pk)"

// put writes an item, in place of any other.
//
//go:noinline
func put(k key, i item) step { return step{Put: &action{Item: i.full(k)}} }

// putNew writes an item that must be new.
//
//go:noinline
func putNew(k key, i item) step {
	return step{Put: &action{Item: i.full(k), ConditionExpression: absent, ExpressionAttributeNames: names(absent)}}
}

//go:noinline
func update(c change) step { return step{Update: c.action()} }

//go:noinline
func remove(c change) step { return step{Delete: c.action()} }

//go:noinline
func check(c change) step { return step{ConditionCheck: c.action()} }

var nameInExpression = regexp.MustCompile(`#[a-z_]+`) //nolint:gochecknoglobals // a constant

// names says which attributes the names in expressions stand for. Many words are DynamoDB's own, so none is written bare.
func names(expressions ...string) map[string]string {
	found := map[string]string{}
	for _, name := range nameInExpression.FindAllString(strings.Join(expressions, " "), -1) {
		found[name] = name[1:]
	}
	return found
}

// query asks for a partition's items in their order.
type query struct {
	pk        string
	after     string // the sort key behind which to start
	before    string // or the one before which to stop, or backwards to start
	backwards bool
	limit     int
	filter    string
	sparse    bool // the filter drops most: whole pages are read for what it leaves
	values    item
}

type queryRequest struct {
	TableName                 string
	KeyConditionExpression    string
	FilterExpression          string            `json:",omitempty"`
	ExpressionAttributeNames  map[string]string `json:",omitempty"`
	ExpressionAttributeValues item
	ScanIndexForward          bool
	ConsistentRead            bool
	Limit                     int  `json:",omitempty"`
	ExclusiveStartKey         item `json:",omitempty"`
}

func (q query) request(table string) queryRequest {
	where, values := "#pk = :pk", item{":pk": text(q.pk)}
	maps.Copy(values, q.values)
	switch {
	case q.after != "":
		where += " AND #sk > :sk"
		values[":sk"] = text(q.after)
	case q.before != "":
		where += " AND #sk < :sk"
		values[":sk"] = text(q.before)
	}
	request := queryRequest{
		TableName: table, KeyConditionExpression: where, FilterExpression: q.filter,
		ExpressionAttributeNames: names(where, q.filter), ExpressionAttributeValues: values,
		ScanIndexForward: !q.backwards, ConsistentRead: true,
	}
	if !q.sparse {
		request.Limit = q.limit // of what is read, before the filter
	}
	return request
}
