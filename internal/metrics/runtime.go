package metrics

import (
	"bytes"
	"fmt"
	"runtime"
	"runtime/debug"
	rt "runtime/metrics"
)

// goFamilies are those of Prometheus's own Go client that dashboards ask for, under its names, and where the runtime has
// them.
//
//nolint:gochecknoglobals // an immutable table
var goFamilies = []struct{ name, help, kind, source string }{
	{"go_goroutines", "Goroutines that exist.", "gauge", "/sched/goroutines:goroutines"},
	{"go_sched_gomaxprocs_threads", "Threads that run Go code at once at most.", "gauge", "/sched/gomaxprocs:threads"},
	{"go_gc_gogc_percent", "GOGC.", "gauge", "/gc/gogc:percent"},
	{"go_gc_gomemlimit_bytes", "GOMEMLIMIT.", "gauge", "/gc/gomemlimit:bytes"},
	{"go_gc_cycles_total_gc_cycles_total", "Garbage collections.", "counter", "/gc/cycles/total:gc-cycles"},
	{"go_memstats_alloc_bytes_total", "Bytes that were ever allocated on the heap.", "counter", "/gc/heap/allocs:bytes"},
	{"go_memstats_heap_alloc_bytes", "Bytes in objects on the heap.", "gauge", "/memory/classes/heap/objects:bytes"},
	{"go_memstats_heap_objects", "Objects on the heap.", "gauge", "/gc/heap/objects:objects"},
	{"go_memstats_heap_idle_bytes", "Bytes of the heap that are free and held.", "gauge", "/memory/classes/heap/free:bytes"},
	{"go_memstats_heap_released_bytes", "Bytes of the heap that were given back.", "gauge", "/memory/classes/heap/released:bytes"},
	{"go_memstats_stack_inuse_bytes", "Bytes in stacks.", "gauge", "/memory/classes/heap/stacks:bytes"},
	{"go_memstats_sys_bytes", "Bytes from the system.", "gauge", "/memory/classes/total:bytes"},
	{"go_cpu_classes_gc_total_cpu_seconds_total", "Estimated CPU seconds that collecting garbage took.", "counter", "/cpu/classes/gc/total:cpu-seconds"},
}

func writeRuntime(out *bytes.Buffer) {
	samples := make([]rt.Sample, len(goFamilies))
	for i, f := range goFamilies {
		samples[i].Name = f.source
	}
	rt.Read(samples)
	for i, f := range goFamilies {
		switch value := samples[i].Value; value.Kind() { //nolint:exhaustive // of the kinds that the table has
		case rt.KindUint64:
			writeOne(out, f.name, f.help, f.kind, float64(value.Uint64()))
		case rt.KindFloat64:
			writeOne(out, f.name, f.help, f.kind, value.Float64())
		default: // another version of Go
		}
	}
	writeHead(out, "go_info", "The version of Go that built this.", "gauge")
	fmt.Fprintf(out, "go_info{version=%q} 1\n", runtime.Version())
	writePauses(out)
}

// writePauses tells how long garbage collection has stopped the program.
func writePauses(out *bytes.Buffer) {
	stats := debug.GCStats{PauseQuantiles: nil}
	debug.ReadGCStats(&stats)
	writeHead(out, "go_gc_duration_seconds", "Pauses for garbage collection.", "summary")
	fmt.Fprintf(out, "go_gc_duration_seconds_sum %s\n", number(stats.PauseTotal.Seconds()))
	fmt.Fprintf(out, "go_gc_duration_seconds_count %d\n", stats.NumGC)
}

func writeOne(out *bytes.Buffer, name, help, kind string, value float64) {
	writeHead(out, name, help, kind)
	fmt.Fprintf(out, "%s %s\n", name, number(value))
}
