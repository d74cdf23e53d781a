package trace_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"cognito-enroll/internal/trace"
)

const (
	traceID = "0af7651916cd43dd8448eb211c80319c"
	spanID  = "b7ad6b7169203331"
	header  = "00-" + traceID + "-" + spanID + "-01"
)

// W3C Trace Context, section 3.2: what is not valid is no trace, and a version to come may say more.
func TestParse(t *testing.T) {
	for _, test := range []struct{ header, want string }{
		{header, header},
		{"00-" + traceID + "-" + spanID + "-00", "00-" + traceID + "-" + spanID + "-00"},
		{"00-" + traceID + "-" + spanID + "-ff", header},
		{"cc-" + traceID + "-" + spanID + "-01-what-comes-later", header},
		{"cc-" + traceID + "-" + spanID + "-01", header},
		{"cc-" + traceID + "-" + spanID + "-01.", ""},
		{"00-" + traceID + "-" + spanID + "-01-more", ""},
		{"ff-" + traceID + "-" + spanID + "-01", ""},
		{"0-" + traceID + "-" + spanID + "-01", ""},
		{"00-" + strings.ToUpper(traceID) + "-" + spanID + "-01", ""},
		{"00-" + strings.Repeat("0", 32) + "-" + spanID + "-01", ""},
		{"00-" + traceID + "-" + strings.Repeat("0", 16) + "-01", ""},
		{"00-" + traceID + "_" + spanID + "-01", ""},
		{"00-" + traceID[:31] + "\n-" + spanID + "-01", ""},
		{"00-" + traceID, ""},
		{"", ""},
	} {
		got := trace.Parse(test.header)
		if got.IsZero() != (test.want == "") || test.want != "" && got.String() != test.want {
			t.Errorf("%q: %v, want %q", test.header, got, test.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(header)
	f.Fuzz(func(t *testing.T, text string) {
		if id := trace.Parse(text); !id.IsZero() && trace.Parse(id.String()) != id {
			t.Errorf("%q becomes %q and then something else", text, id)
		}
	})
}

func TestLinesOfTheLogNameTheTrace(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(trace.LogHandler(slog.NewJSONHandler(&out, nil))).With("a", 1)
	ctx := trace.Continue(t.Context(), http.Header{"Traceparent": {header}})
	log.InfoContext(ctx, "in")
	if !strings.Contains(out.String(), `"trace_id":"`+traceID+`"`) || !strings.Contains(out.String(), `"span_id":"`+spanID+`"`) {
		t.Errorf("no trace in %s", &out)
	}
	out.Reset()
	log.InfoContext(trace.Continue(t.Context(), http.Header{"Traceparent": {header, header}}), "two headers are none")
	if strings.Contains(out.String(), "trace_id") {
		t.Errorf("a trace in %s", &out)
	}
}

// Without an exporter a trace goes on and none begins.
func TestWithoutExporter(t *testing.T) {
	var none *trace.Tracer
	ctx, span := none.Start(t.Context(), "x", trace.Server)
	span.Set("a", 1)
	span.Name("y")
	span.End("")
	if span != nil || !trace.FromContext(ctx).IsZero() {
		t.Error("a trace has begun")
	}
	ctx, span = none.Start(trace.Continue(t.Context(), http.Header{"Traceparent": {header}}), "x", trace.Server)
	span.End("")
	if id := trace.FromContext(ctx).String(); !strings.HasPrefix(id, "00-"+traceID+"-") || strings.Contains(id, spanID) {
		t.Errorf("went on as %s", id)
	}
}

// collector is an OTLP receiver on loopback. It decodes what the protocol says, strictly.
type collector struct {
	*httptest.Server
	status atomic.Int32
	spans  chan span
}

type span struct {
	TraceID    string      `json:"traceId"`
	SpanID     string      `json:"spanId"`
	ParentID   string      `json:"parentSpanId"`
	Name       string      `json:"name"`
	Kind       int         `json:"kind"`
	Began      int64       `json:"startTimeUnixNano,string"`
	Ended      int64       `json:"endTimeUnixNano,string"`
	Attributes []attribute `json:"attributes"`
	Status     struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"status"`
}

type attribute struct {
	Key   string `json:"key"`
	Value struct {
		Text  *string `json:"stringValue"`
		Whole *int64  `json:"intValue,string"`
	} `json:"value"`
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{spans: make(chan span, 10_000)}
	c.status.Store(http.StatusOK)
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if status := int(c.status.Load()); status != http.StatusOK {
			w.WriteHeader(status)
			return
		}
		if r.Method != http.MethodPost || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/json" || r.Header.Get("X-Key") != "k" {
			t.Errorf("%s %s with %v", r.Method, r.URL, r.Header)
		}
		var in struct {
			ResourceSpans []struct {
				Resource   struct{ Attributes []attribute }
				ScopeSpans []struct {
					Scope struct{ Name string }
					Spans []span
				}
			}
		}
		decoder := json.NewDecoder(r.Body)
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&in); err != nil {
			t.Errorf("decode: %v", err)
			return
		}
		about := map[string]string{}
		for _, a := range in.ResourceSpans[0].Resource.Attributes {
			about[a.Key] = *a.Value.Text
		}
		if about["service.name"] != "portal" || about["service.version"] != "v1.2.3" {
			t.Errorf("resource %v", about)
		}
		for _, s := range in.ResourceSpans[0].ScopeSpans[0].Spans {
			c.spans <- s
		}
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *collector) exporter(log io.Writer, lost *atomic.Int32, client *http.Client) *trace.Exporter {
	return trace.NewExporter(trace.ExporterOptions{
		URL: c.URL + "/v1/traces", Headers: map[string]string{"X-Key": "k"}, Service: "portal", Version: "v1.2.3", HTTP: client,
		Log: slog.New(slog.NewJSONHandler(log, nil)), Now: time.Now, Lost: func() { lost.Add(1) },
	})
}

// end runs an exporter to its end.
func end(t *testing.T, e *trace.Exporter) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	e.Run(ctx)
}

func TestExport(t *testing.T) {
	c := newCollector(t)
	var lost atomic.Int32
	e := c.exporter(t.Output(), &lost, c.Client())
	began := time.Now()
	ctx := trace.Continue(t.Context(), http.Header{"Traceparent": {header}})
	ctx, server := e.Tracer().Start(ctx, "request", trace.Server)
	_, client := e.Tracer().Start(ctx, "InitiateAuth", trace.Client)
	client.Set("error.type", "busy")
	client.End("busy")
	server.Name("POST /sign-in")
	server.Set("http.response.status_code", 503)
	server.End("")
	_, unsampled := e.Tracer().Start(trace.Continue(t.Context(), http.Header{"Traceparent": {header[:53] + "00"}}), "unsampled", trace.Server)
	unsampled.End("")
	_, root := e.Tracer().Start(t.Context(), "root", trace.Server)
	root.End("")
	end(t, e)

	if len(c.spans) != 3 || lost.Load() != 0 {
		t.Fatalf("%d spans came, %d were lost, want 3 and 0", len(c.spans), lost.Load())
	}
	got := []span{<-c.spans, <-c.spans, <-c.spans}
	if s := got[1]; s.TraceID != traceID || s.ParentID != spanID || s.Name != "POST /sign-in" || s.Kind != 2 || s.Status.Code != 0 ||
		s.Attributes[0].Key != "http.response.status_code" || *s.Attributes[0].Value.Whole != 503 {
		t.Errorf("server: %+v", s)
	}
	if s := got[0]; s.TraceID != traceID || s.ParentID != got[1].SpanID || s.Kind != 3 || s.Status.Code != 2 || s.Status.Message != "busy" || *s.Attributes[0].Value.Text != "busy" {
		t.Errorf("client: %+v", s)
	}
	if s := got[0]; s.Began < began.UnixNano() || s.Ended < s.Began || got[1].Ended < s.Ended {
		t.Errorf("times: %+v", got)
	}
	if s := got[2]; s.ParentID != "" || s.TraceID == traceID || len(s.TraceID) != 32 {
		t.Errorf("root: %+v", s)
	}
}

// More spans than one request takes, all of them sent when the program ends.
func TestExportInBatches(t *testing.T) {
	c := newCollector(t)
	var lost atomic.Int32
	e := c.exporter(t.Output(), &lost, c.Client())
	for range 1300 {
		_, s := e.Tracer().Start(t.Context(), "x", trace.Server)
		s.End("")
	}
	end(t, e)
	if len(c.spans) != 1300 || lost.Load() != 0 {
		t.Errorf("%d came, %d were lost", len(c.spans), lost.Load())
	}
}

// A collector that refuses costs its spans, one line of the log, and nothing else.
func TestCollectorIsDown(t *testing.T) {
	c := newCollector(t)
	c.status.Store(http.StatusServiceUnavailable)
	var log bytes.Buffer
	var lost atomic.Int32
	e := c.exporter(&log, &lost, c.Client())
	for range 2 {
		for range 600 {
			_, s := e.Tracer().Start(t.Context(), "x", trace.Server)
			s.End("")
		}
		end(t, e)
	}
	if lost.Load() != 1200 || strings.Count(log.String(), "\n") != 1 {
		t.Errorf("%d lost, log:\n%s", lost.Load(), &log)
	}
	c.status.Store(http.StatusOK)
	_, s := e.Tracer().Start(t.Context(), "x", trace.Server)
	s.End("")
	end(t, e)
	if lost.Load() != 1200 || !strings.Contains(log.String(), "exported again") {
		t.Errorf("%d lost, log:\n%s", lost.Load(), &log)
	}
}

// Nobody waits for a collector that does not answer: what does not fit the queue is counted and gone. A request to it is
// given up after ten seconds.
func TestCollectorHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lost atomic.Int32
		hanging := roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		c := &collector{Server: &httptest.Server{URL: "http://collector.invalid"}}
		e := c.exporter(io.Discard, &lost, &http.Client{Transport: hanging})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			e.Run(ctx)
		}()
		const many = 512 + 4096 + 100
		for i := range many {
			_, s := e.Tracer().Start(ctx, "x", trace.Server)
			s.End("")
			if i == 511 {
				synctest.Wait() // the first batch is on its way
			}
		}
		if lost.Load() != 100 {
			t.Errorf("%d lost, want 100", lost.Load())
		}
		cancel()
		<-done
		if lost.Load() != many {
			t.Errorf("%d lost in the end, want %d", lost.Load(), many)
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
