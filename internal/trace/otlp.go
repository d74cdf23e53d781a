package trace

import (
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"time"
)

// The messages of opentelemetry/proto/trace/v1/trace.proto as JSON: field names in lower camel case, ids in hexadecimal,
// 64-bit numbers as text, enumerations as numbers.
type (
	otlpRequest struct {
		ResourceSpans []otlpResourceSpans `json:"resourceSpans"`
	}
	otlpResourceSpans struct {
		Resource   otlpResource     `json:"resource"`
		ScopeSpans []otlpScopeSpans `json:"scopeSpans"`
	}
	otlpResource struct {
		Attributes []otlpAttribute `json:"attributes"`
	}
	otlpScopeSpans struct {
		Scope otlpScope  `json:"scope"`
		Spans []otlpSpan `json:"spans"`
	}
	otlpScope struct {
		Name string `json:"name"`
	}
	otlpSpan struct {
		TraceID    string          `json:"traceId"`
		SpanID     string          `json:"spanId"`
		ParentID   string          `json:"parentSpanId,omitempty"`
		Name       string          `json:"name"`
		Kind       Kind            `json:"kind"`
		Began      string          `json:"startTimeUnixNano"`
		Ended      string          `json:"endTimeUnixNano"`
		Attributes []otlpAttribute `json:"attributes,omitempty"`
		Status     otlpStatus      `json:"status"`
	}
	otlpAttribute struct {
		Key   string    `json:"key"`
		Value otlpValue `json:"value"`
	}
	otlpValue struct {
		Text  *string `json:"stringValue,omitempty"`
		Whole *string `json:"intValue,omitempty"`
	}
	otlpStatus struct {
		Code    int    `json:"code,omitempty"`
		Message string `json:"message,omitempty"`
	}
)

const statusError = 2

// encode writes spans as one request.
func (e *Exporter) encode(spans []*Span) otlpRequest {
	encoded := make([]otlpSpan, len(spans))
	for i, s := range spans {
		encoded[i] = otlpSpan{
			TraceID: hex.EncodeToString(s.id.Trace[:]), SpanID: hex.EncodeToString(s.id.Span[:]),
			Name: s.name, Kind: s.kind, Began: nanoseconds(s.began), Ended: nanoseconds(s.ended), Attributes: attributes(s.attributes),
		}
		if s.parent != [8]byte{} {
			encoded[i].ParentID = hex.EncodeToString(s.parent[:])
		}
		if s.failed != "" {
			encoded[i].Status = otlpStatus{Code: statusError, Message: s.failed}
		}
	}
	about := map[string]any{"service.name": e.opts.Service, "service.version": e.opts.Version, "telemetry.sdk.language": "go"}
	return otlpRequest{[]otlpResourceSpans{{
		Resource:   otlpResource{attributes(about)},
		ScopeSpans: []otlpScopeSpans{{Scope: otlpScope{"cognito-enroll"}, Spans: encoded}},
	}}}
}

func attributes(values map[string]any) []otlpAttribute {
	all := make([]otlpAttribute, 0, len(values))
	for _, name := range slices.Sorted(maps.Keys(values)) {
		var value otlpValue
		switch v := values[name].(type) {
		case string:
			value.Text = &v
		case int:
			text := strconv.Itoa(v)
			value.Whole = &text
		}
		all = append(all, otlpAttribute{name, value})
	}
	return all
}

func nanoseconds(t time.Time) string { return strconv.FormatInt(t.UnixNano(), 10) }
