package userpool

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	targetPrefix = "AWSCognitoIdentityProviderService."
	contentType  = "application/x-amz-json-1.1"
	maxBody      = 1 << 20
)

// operation is one row of the table in operations.go.
type operation struct {
	run      func(*call) (object, error)
	signed   bool // needs IAM credentials
	category category
}

// call is one request on its way through a handler. Handlers run with the lock held.
type call struct {
	p       *Pool
	name    string
	input   object
	now     time.Time
	faults  []Fault
	request *Request
	pending []signature
}

// signature is a token to be signed once the lock is released: two RSA signatures take two milliseconds, in which
// everybody else would wait.
type signature struct {
	into   object
	member string
	key    func() (*signingKey, error)
	claims any
}

func (c *call) sign(into object, member string, key func() (*signingKey, error), claims any) {
	c.pending = append(c.pending, signature{into, member, key, claims})
}

// ServeHTTP answers the protocol (AWS JSON 1.1) at the root.
func (p *Pool) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/" {
		p.serveWeb(w, r)
		return
	}
	header := w.Header()
	header.Set("Access-Control-Allow-Origin", "*") // the service answers browsers of any origin
	header.Set("Access-Control-Expose-Headers", "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date")
	switch r.Method {
	case http.MethodOptions:
		header.Set("Access-Control-Allow-Methods", "POST, OPTIONS")
		header.Set("Access-Control-Allow-Headers", "*,Authorization")
		header.Set("Access-Control-Max-Age", "172800")
		return
	case http.MethodPost:
	default:
		header.Set("Allow", "POST, OPTIONS")
		p.write(w, nil, p.Now(), nil, &exception{name: "UnknownOperationException", status: http.StatusMethodNotAllowed})
		return
	}
	p.serveOperation(w, r)
}

func (p *Pool) serveOperation(w http.ResponseWriter, r *http.Request) {
	name, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), targetPrefix)
	op, known := operations[name]
	if !ok || !known {
		p.write(w, nil, p.Now(), nil, unknownOperation())
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		p.write(w, nil, p.Now(), nil, &exception{
			name: "RequestEntityTooLargeException", message: "Request size is too large", status: http.StatusRequestEntityTooLarge,
		})
		return
	}
	c := p.begin(name)
	output, err := p.answer(r.Context(), c, op, r, body)
	if err == nil {
		err = p.persist(name)
	}
	p.finish(c, err)
	p.write(w, c.faults, c.now, output, err)
}

// begin takes the faults that wait for this call.
func (p *Pool) begin(name string) *call {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := &call{p: p, name: name, now: p.now(), faults: p.takeFaults(name)}
	p.remember(c)
	return c
}

// answer does everything between reading and writing: front door, validation, the operation itself, signatures.
func (p *Pool) answer(ctx context.Context, c *call, op operation, r *http.Request, body []byte) (object, error) {
	if err := before(ctx, c.faults); err != nil {
		return nil, err
	}
	if op.signed {
		if fault := p.checkSignature(r, body); fault != nil {
			return nil, fault
		}
	}
	input, fault := decodeObject(body)
	if fault != nil {
		return nil, fault
	}
	if fault := p.model.validate(c.name, input); fault != nil {
		return nil, fault
	}
	c.input = input
	return c.runLocked(op)
}

// runLocked runs the operation under the lock and makes the signatures after it.
func (c *call) runLocked(op operation) (object, error) {
	output, err := c.locked(func() (object, error) {
		if c.p.switches.Quotas {
			if fault := c.p.takeQuota(op.category, c.now); fault != nil {
				return nil, fault
			}
		}
		return op.run(c)
	})
	if err != nil {
		return nil, err
	}
	return output, c.signAll()
}

func (c *call) locked(f func() (object, error)) (object, error) {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	return f()
}

func (c *call) signAll() error {
	for _, s := range c.pending {
		key, err := s.key()
		if err != nil {
			return err
		}
		if s.into[s.member], err = key.sign(s.claims); err != nil {
			return err
		}
	}
	return nil
}

// unlocked runs f while others may run. What was read before may be stale after.
func (c *call) unlocked(f func() error) error {
	c.p.mu.Unlock()
	defer c.p.mu.Lock()
	return f()
}

// write sends the answer, or what the injected faults make of it.
func (p *Pool) write(w http.ResponseWriter, faults []Fault, now time.Time, output object, err error) {
	id, randomErr := p.uuid()
	if randomErr != nil {
		err = randomErr
	}
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("x-amzn-RequestId", id)
	header.Set("Date", skewed(faults, now).UTC().Format(http.TimeFormat))
	status := http.StatusOK
	if err != nil {
		e := asException(err)
		status = e.status
		output = object{"__type": e.name}
		if e.message != "" {
			output["message"] = e.message
		}
		if e.reason != "" {
			output["reasonCode"] = e.reason
		}
		header.Set("x-amzn-ErrorType", e.name+":")
		if e.message != "" {
			header.Set("x-amzn-ErrorMessage", headerText(e.message))
		}
	}
	body, status := spoil(faults, header, output, status)
	if body == nil {
		body = encode(output)
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may have gone
}

// asException turns whatever a handler returned into an answer. An error that is no exception is ours, not the
// client's, and its text stays here.
func asException(err error) *exception {
	if e, ok := errors.AsType[*exception](err); ok {
		return e
	}
	return internalError("Internal error")
}

func encode(output object) []byte {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if output == nil {
		output = object{}
	}
	if err := encoder.Encode(output); err != nil {
		return []byte(`{}`)
	}
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n"))
}

// headerText makes an error text fit for a header: printable ASCII, not too long.
func headerText(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, text)
	return text[:min(len(text), 1024)]
}

// epoch is a timestamp as the protocol writes it: seconds with three decimals.
type epoch time.Time

// MarshalJSON writes the number.
func (e epoch) MarshalJSON() ([]byte, error) {
	return []byte(strconv.FormatFloat(float64(time.Time(e).UnixMilli())/1000, 'f', 3, 64)), nil
}
