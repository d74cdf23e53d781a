// Command sbom tells what is in a Go program, by the build information inside it.
//
//	sbom -bom FILE BINARY       a bill of materials: CycloneDX 1.5 in JSON
//	sbom -notices FILE BINARY   the licences of all modules in it, which their authors ask to be passed on
//
// The same binary always gives the same bytes.
package main

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
)

func main() {
	bom := flag.String("bom", "", "file for the bill of materials")
	notices := flag.String("notices", "", "file for the licences")
	flag.Parse()
	if err := run(*bom, *notices, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

func run(bom, notices string, args []string) error {
	if len(args) != 1 {
		return errors.New("want one binary")
	}
	content, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	info, err := buildinfo.Read(bytes.NewReader(content))
	if err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	if bom != "" {
		text, err := json.MarshalIndent(billOf(filepath.Base(args[0]), content, info), "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(bom, append(text, '\n'), 0o644); err != nil {
			return err
		}
	}
	if notices != "" {
		text, err := licences(info)
		if err != nil {
			return err
		}
		return os.WriteFile(notices, text, 0o644)
	}
	return nil
}

// The parts of CycloneDX 1.5 that are used.
type (
	bill struct {
		Format       string       `json:"bomFormat"`
		Spec         string       `json:"specVersion"`
		Serial       string       `json:"serialNumber"`
		Version      int          `json:"version"`
		Metadata     metadata     `json:"metadata"`
		Components   []component  `json:"components"`
		Dependencies []dependency `json:"dependencies"`
	}
	metadata struct {
		Timestamp string    `json:"timestamp,omitempty"`
		Component component `json:"component"`
	}
	component struct {
		Type       string     `json:"type"`
		Ref        string     `json:"bom-ref"`
		Name       string     `json:"name"`
		Version    string     `json:"version"`
		PURL       string     `json:"purl,omitempty"`
		Hashes     []hash     `json:"hashes,omitempty"`
		Properties []property `json:"properties,omitempty"`
	}
	hash struct {
		Algorithm string `json:"alg"`
		Content   string `json:"content"`
	}
	property struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	dependency struct {
		Ref       string   `json:"ref"`
		DependsOn []string `json:"dependsOn"`
	}
)

func billOf(name string, content []byte, info *debug.BuildInfo) bill {
	sum := sha256.Sum256(content)
	b := bill{
		Format: "CycloneDX", Spec: "1.5", Version: 1,
		Serial: serial(sum),
		Metadata: metadata{Component: component{
			Type: "application", Ref: "binary", Name: name, Version: info.Main.Version,
			Hashes:     []hash{{"SHA-256", hex.EncodeToString(sum[:])}},
			Properties: []property{{"go:path", info.Path}, {"go:version", info.GoVersion}},
		}},
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.time" {
			b.Metadata.Timestamp = setting.Value
		}
		if !strings.HasPrefix(setting.Key, "-") { // GOOS, CGO_ENABLED, vcs.revision …
			b.Metadata.Component.Properties = append(b.Metadata.Component.Properties, property{"go:" + setting.Key, setting.Value})
		}
	}
	standard := strings.TrimPrefix(info.GoVersion, "go")
	b.Components = append(b.Components, component{Type: "library", Ref: "std", Name: "std", Version: standard, PURL: "pkg:golang/std@" + standard})
	for _, module := range linked(info) {
		purl := "pkg:golang/" + module.Path + "@" + module.Version
		c := component{Type: "library", Ref: purl, Name: module.Path, Version: module.Version, PURL: purl}
		if module.Sum != "" {
			c.Properties = []property{{"go:sum", module.Sum}}
		}
		b.Components = append(b.Components, c)
	}
	top := dependency{Ref: "binary"}
	for _, c := range b.Components {
		top.DependsOn = append(top.DependsOn, c.Ref)
	}
	b.Dependencies = []dependency{top}
	return b
}

// serial is a UUID that names this binary (RFC 9562, version 8).
func serial(sum [32]byte) string {
	id := sum[:16]
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80
	text := hex.EncodeToString(id)
	return "urn:uuid:" + strings.Join([]string{text[:8], text[8:12], text[12:16], text[16:20], text[20:]}, "-")
}

// linked are the modules in a binary, as they were replaced if they were.
func linked(info *debug.BuildInfo) []*debug.Module {
	modules := slices.Clone(info.Deps)
	for i, module := range modules {
		if module.Replace != nil {
			modules[i] = module.Replace
		}
	}
	return modules
}

// licences puts together what the modules' own files say.
func licences(info *debug.BuildInfo) ([]byte, error) {
	var out bytes.Buffer
	fmt.Fprintf(&out, "This program contains the work of others, under these licences. It is built with %s (BSD-3-Clause, https://go.dev/LICENSE).\n", info.GoVersion)
	for _, module := range linked(info) {
		dir, err := exec.Command("go", "mod", "download", "-json", module.Path+"@"+module.Version).Output()
		var downloaded struct{ Dir string }
		if err == nil {
			err = json.Unmarshal(dir, &downloaded)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", module.Path, err)
		}
		entries, err := os.ReadDir(downloaded.Dir)
		if err != nil {
			return nil, err
		}
		found := false
		for _, entry := range entries {
			name := strings.ToUpper(entry.Name())
			if entry.IsDir() || !(strings.HasPrefix(name, "LICEN") || strings.HasPrefix(name, "COPYING") || strings.HasPrefix(name, "NOTICE")) {
				continue
			}
			text, err := os.ReadFile(filepath.Join(downloaded.Dir, entry.Name()))
			if err != nil {
				return nil, err
			}
			found = true
			fmt.Fprintf(&out, "\n==== %s %s: %s\n\n%s\n", module.Path, module.Version, entry.Name(), bytes.TrimSpace(text))
		}
		if !found {
			return nil, fmt.Errorf("%s has no licence", module.Path)
		}
	}
	return out.Bytes(), nil
}
