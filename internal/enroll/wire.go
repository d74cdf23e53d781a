package enroll

import (
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"time"

	"cognito-enroll/internal/secret"
)

// A flow on the wire is a list of fields, each a tag, a length and that many bytes (unsigned varints). Empty fields
// are left out. A tag is never given a new meaning, nor is a flag. Those that this version does not know are kept as they
// are, so that nodes of two versions can serve one flow by turns. A step, a notice or a method that it does not know ends the
// flow: a version that brings one only reads it, and the next one writes it.
//
// Tokens, sessions and keys are stored without the base64 or base32 that they are written in, which makes the cookie a
// quarter smaller: see pack.
const (
	tagStep = iota + 1
	tagUsername
	tagAccessToken
	tagSession
	tagUserID
	tagUntil
	tagFlags
	tagKey
	tagKeyMade
	tagEarlier
	tagDeviceName
	tagSpentCode
	tagSpentAt
	tagDoneAt
	tagProvenAt
	tagNotice
	tagMethod
	tagMethods
	tagDestination
	tagAttribute
	tagSignedInAt
	tagID
	tagReturnTo
	tagBegan
	tagAccount
	tagGrant
	tagWord
	tagWordMade
	tagHeld
	tagTouched
)

// errWire says that bytes are not a flow. It never happens to bytes that MarshalBinary made.
var errWire = errors.New("enroll: not a flow")

type field struct {
	tag   uint64
	value []byte
}

// newer is what a newer version wrote and this one does not know. It stays with the browser, whoever signs in next: no new
// field or flag may vouch for an account by itself. A flow that begins anew, after an end or a hand-over, has none of it.
type newer struct {
	fields []field
	flags  uint64
}

// MarshalBinary writes the flow for the cookie. It holds secrets: it must be encrypted.
func (f Flow) MarshalBinary() ([]byte, error) {
	var out []byte
	put := func(tag uint64, value []byte) {
		if len(value) > 0 {
			out = binary.AppendUvarint(out, tag)
			out = binary.AppendUvarint(out, uint64(len(value)))
			out = append(out, value...)
		}
	}
	put(tagStep, number(uint64(f.Step)))
	put(tagUsername, []byte(f.Username))
	put(tagAccessToken, pack(f.Authority.AccessToken))
	put(tagSession, pack(f.Authority.Session.Text))
	put(tagUserID, []byte(f.Authority.Session.UserID))
	put(tagUntil, instant(f.Until))
	put(tagFlags, number(f.flags()))
	put(tagKey, pack(f.Key))
	put(tagKeyMade, instant(f.KeyMade))
	for _, key := range f.Earlier {
		put(tagEarlier, pack(key))
	}
	put(tagDeviceName, []byte(f.DeviceName))
	put(tagSpentCode, pack(f.Spent.Code))
	put(tagSpentAt, instant(f.Spent.At))
	put(tagDoneAt, instant(f.DoneAt))
	put(tagProvenAt, instant(f.ProvenAt))
	put(tagNotice, number(uint64(f.Notice)))
	put(tagMethod, number(uint64(f.Method)))
	for _, method := range f.Methods {
		put(tagMethods, []byte{byte(method)})
	}
	put(tagDestination, []byte(f.Destination))
	for _, name := range f.Attributes {
		put(tagAttribute, []byte(name))
	}
	put(tagSignedInAt, instant(f.SignedInAt))
	if f.ID != (ID{}) {
		put(tagID, f.ID[:])
	}
	put(tagReturnTo, []byte(f.ReturnTo))
	put(tagBegan, instant(f.Began))
	put(tagAccount, []byte(f.Account))
	if f.Grant != (ID{}) {
		put(tagGrant, f.Grant[:])
	}
	put(tagWord, pack(f.Word.Text))
	put(tagWordMade, instant(f.Word.Made))
	put(tagHeld, []byte(f.Held))
	put(tagTouched, instant(f.Touched))
	for _, other := range f.newer.fields {
		put(other.tag, other.value)
	}
	return out, nil
}

// UnmarshalBinary reads what MarshalBinary wrote. No bytes at all are the zero Flow.
func (f *Flow) UnmarshalBinary(data []byte) error {
	*f = Flow{}
	for len(data) > 0 {
		tag, n := binary.Uvarint(data)
		if n <= 0 {
			return errWire
		}
		size, m := binary.Uvarint(data[n:])
		if m <= 0 || size > uint64(len(data)-n-m) {
			return errWire
		}
		value := data[n+m:][:size]
		if err := f.set(tag, value); err != nil {
			return err
		}
		data = data[n+m+int(size):]
	}
	return nil
}

func (f *Flow) set(tag uint64, value []byte) (err error) {
	switch tag {
	case tagStep:
		var step uint64
		step, err = readNumber(value, uint64(stepEnd))
		f.Step = Step(step)
	case tagUsername:
		f.Username = string(value)
	case tagAccessToken:
		f.Authority.AccessToken, err = unpack(value)
	case tagSession:
		f.Authority.Session.Text, err = unpack(value)
	case tagUserID:
		f.Authority.Session.UserID = string(value)
	case tagUntil:
		f.Until, err = readInstant(value)
	case tagFlags:
		var flags uint64
		flags, err = readNumber(value, math.MaxUint64)
		for i, field := range f.flagged() {
			*field = flags>>i&1 != 0
		}
		f.newer.flags = flags >> len(f.flagged()) << len(f.flagged())
	case tagKey:
		f.Key, err = unpack(value)
	case tagKeyMade:
		f.KeyMade, err = readInstant(value)
	case tagEarlier:
		var key secret.Text
		key, err = unpack(value)
		f.Earlier = append(f.Earlier, key)
	case tagDeviceName:
		f.DeviceName = string(value)
	case tagSpentCode:
		f.Spent.Code, err = unpack(value)
	case tagSpentAt:
		f.Spent.At, err = readInstant(value)
	case tagDoneAt:
		f.DoneAt, err = readInstant(value)
	case tagProvenAt:
		f.ProvenAt, err = readInstant(value)
	case tagNotice:
		var notice uint64
		notice, err = readNumber(value, uint64(noticeEnd))
		f.Notice = Notice(notice)
	case tagMethod:
		f.Method, err = readMethod(value)
	case tagMethods:
		var method Method
		method, err = readMethod(value)
		f.Methods = append(f.Methods, method)
	case tagDestination:
		f.Destination = string(value)
	case tagAttribute:
		f.Attributes = append(f.Attributes, string(value))
	case tagID:
		f.ID, err = readID(value)
	case tagReturnTo:
		f.ReturnTo = string(value)
	case tagAccount:
		f.Account = string(value)
	case tagGrant:
		f.Grant, err = readID(value)
	case tagHeld:
		f.Held = string(value)
	case tagTouched:
		f.Touched, err = readInstant(value)
	case tagBegan:
		f.Began, err = readInstant(value)
	case tagSignedInAt:
		f.SignedInAt, err = readInstant(value)
	case tagWord:
		f.Word.Text, err = unpack(value)
	case tagWordMade:
		f.Word.Made, err = readInstant(value)
	default:
		f.newer.fields = append(f.newer.fields, field{tag, append([]byte(nil), value...)})
	}
	return err
}

// flagged is the field that each flag stands for, from the lowest bit on. A flag never gets another place.
func (f *Flow) flagged() [8]*bool {
	return [...]*bool{&f.HasApp, &f.Verified, &f.Trying, &f.Unsure, &f.Looked, &f.Prefers, &f.Elsewhere, &f.ByApp}
}

func (f Flow) flags() uint64 {
	flags := f.newer.flags
	for i, field := range f.flagged() {
		if *field {
			flags |= 1 << i
		}
	}
	return flags
}

// number writes n; zero is no bytes at all, so that the field is left out.
func number(n uint64) []byte {
	if n == 0 {
		return nil
	}
	return binary.AppendUvarint(nil, n)
}

// readNumber reads a number below end.
func readNumber(value []byte, end uint64) (uint64, error) {
	n, size := binary.Uvarint(value)
	if size <= 0 || size != len(value) || n >= end {
		return 0, errWire
	}
	return n, nil
}

func readID(value []byte) (ID, error) {
	if len(value) != len(ID{}) {
		return ID{}, errWire
	}
	return ID(value), nil
}

func readMethod(value []byte) (Method, error) {
	if len(value) == 1 && value[0] == 0 { // in a list even the first is written out
		return MethodApp, nil
	}
	n, err := readNumber(value, uint64(len(Methods())))
	return Method(n), err
}

// instant writes t in whole seconds; the zero time is no bytes.
func instant(t time.Time) []byte {
	if t.IsZero() {
		return nil
	}
	return binary.AppendVarint(nil, t.Unix())
}

func readInstant(value []byte) (time.Time, error) {
	seconds, size := binary.Varint(value)
	if size <= 0 || size != len(value) {
		return time.Time{}, errWire
	}
	return time.Unix(seconds, 0), nil
}

// How a packed text is written: the first byte of its field.
const (
	packedPlain  = 'p' // as it is
	packedBase32 = 'k' // the bytes that unpadded base32 stands for: a key
	packedBase64 = 't' // parts between dots, each with its length: the bytes that base64url stands for: a token, a session
)

// pack writes a secret text in as few bytes as give exactly the same text back.
func pack(text secret.Text) []byte {
	plain := text.Reveal()
	if plain == "" {
		return nil
	}
	base32NoPad := base32.StdEncoding.WithPadding(base32.NoPadding)
	if raw, err := base32NoPad.DecodeString(plain); err == nil && base32NoPad.EncodeToString(raw) == plain {
		return append([]byte{packedBase32}, raw...)
	}
	out := []byte{packedBase64}
	for part := range strings.SplitSeq(plain, ".") {
		raw, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil || base64.RawURLEncoding.EncodeToString(raw) != part {
			return append([]byte{packedPlain}, plain...)
		}
		out = binary.AppendUvarint(out, uint64(len(raw)))
		out = append(out, raw...)
	}
	return out
}

func unpack(value []byte) (secret.Text, error) {
	if len(value) == 0 {
		return secret.Text{}, errWire
	}
	kind, rest := value[0], value[1:]
	switch kind {
	case packedPlain:
		return secret.New(string(rest)), nil
	case packedBase32:
		return secret.New(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(rest)), nil
	case packedBase64:
		var parts []string
		for len(rest) > 0 {
			size, n := binary.Uvarint(rest)
			if n <= 0 || size > uint64(len(rest)-n) {
				return secret.Text{}, errWire
			}
			parts = append(parts, base64.RawURLEncoding.EncodeToString(rest[n:][:size]))
			rest = rest[n+int(size):]
		}
		return secret.New(strings.Join(parts, ".")), nil
	}
	return secret.Text{}, errWire
}
