package metrics

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// contentType is what Prometheus takes for its text format.
const contentType = "text/plain; version=0.0.4; charset=utf-8"

// ServeHTTP writes every family, in the order of their names.
func (r *Registry) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	var out bytes.Buffer
	r.mu.Lock()
	families, gauges := maps.Clone(r.families), map[string]map[string]gauge{}
	for name, each := range r.gauges {
		gauges[name] = maps.Clone(each)
	}
	r.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(families)) {
		families[name].write(&out)
	}
	for _, name := range slices.Sorted(maps.Keys(gauges)) {
		for i, labels := range slices.Sorted(maps.Keys(gauges[name])) {
			g := gauges[name][labels]
			if i == 0 {
				writeHead(&out, name, g.help, "gauge")
			}
			fmt.Fprintf(&out, "%s%s %s\n", name, labels, number(g.read()))
		}
	}
	writeRuntime(&out)
	writeProcess(&out)
	w.Header().Set("Content-Type", contentType)
	_, _ = out.WriteTo(w)
}

func (f *family) write(out *bytes.Buffer) {
	var all []*series
	f.series.Range(func(_, value any) bool {
		all = append(all, value.(*series))
		return true
	})
	slices.SortFunc(all, func(a, b *series) int { return slices.Compare(a.values, b.values) })
	if f.buckets == nil {
		writeHead(out, f.name, f.help, "counter")
		for _, s := range all {
			fmt.Fprintf(out, "%s%s %d\n", f.name, labelText(f.labels, s.values), s.count.Load())
		}
		return
	}
	writeHead(out, f.name, f.help, "histogram")
	for _, s := range all {
		f.writeHistogram(out, s)
	}
}

// writeHistogram writes cumulative buckets. Somebody may be observing meanwhile: the total is never below the last bucket.
func (f *family) writeHistogram(out *bytes.Buffer, s *series) {
	labels, below := append(slices.Clone(f.labels), Label{Name: "le"}), uint64(0)
	for i, bound := range f.buckets {
		below += s.bucket[i].Load()
		fmt.Fprintf(out, "%s_bucket%s %d\n", f.name, labelText(labels, append(slices.Clone(s.values), number(bound))), below)
	}
	count := max(s.count.Load(), below)
	fmt.Fprintf(out, "%s_bucket%s %d\n", f.name, labelText(labels, append(slices.Clone(s.values), "+Inf")), count)
	fmt.Fprintf(out, "%s_sum%s %s\n", f.name, labelText(f.labels, s.values), number(math.Float64frombits(s.sum.Load())))
	fmt.Fprintf(out, "%s_count%s %d\n", f.name, labelText(f.labels, s.values), count)
}

func writeHead(out *bytes.Buffer, name, help, kind string) {
	fmt.Fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace(help), name, kind)
}

// labelText writes labels with their values: "" when there are none.
func labelText(labels []Label, values []string) string {
	if len(labels) == 0 {
		return ""
	}
	escape := strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
	pairs := make([]string, len(labels))
	for i, label := range labels {
		pairs[i] = label.Name + `="` + escape.Replace(values[i]) + `"`
	}
	return "{" + strings.Join(pairs, ",") + "}"
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
