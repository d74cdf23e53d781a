package main

// Where the text of each setting comes from: flags, environment, the file of settings, defaults.

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
)

// given is the text of one setting, and where it came from as people would say it.
type given struct{ text, from string }

// texts are the texts of all settings, by the name of their variable.
type texts map[string]given

// readConfig reads all sources, for a command that is about one pool. Every fault is reported, each with its mend.
func readConfig(args []string, lookupEnv func(string) (string, bool), stderr io.Writer) (config, error) {
	all, faults, err := gather(args, lookupEnv, stderr)
	if err != nil {
		return config{}, err
	}
	c, wrong := all.config()
	if c.undecided() {
		faults = append(faults, errors.New("PORTAL_POOLS_DIR: name the file of one pool in it with PORTAL_CONFIG"))
	}
	return c, errors.Join(append(faults, wrong...)...)
}

// config makes values of the texts.
func (t texts) config() (config, []error) {
	var c config
	var faults []error
	for _, s := range settings() {
		if err := s.set(&c, t[s.env].text); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", t.name(s), err))
		}
	}
	return c, append(faults, c.complete()...)
}

// name is how the operator called a setting.
func (t texts) name(s setting) string {
	if from := t[s.env].from; strings.HasPrefix(from, "-") {
		return from
	}
	return s.env
}

// gather finds the text of each setting. The faults are in what was found; the error is in the flags, and was told.
func gather(args []string, lookupEnv func(string) (string, bool), stderr io.Writer) (texts, []error, error) {
	flags := flag.NewFlagSet("portal serve", flag.ContinueOnError)
	flags.SetOutput(stderr)
	all := settings()
	typed := map[string]*string{}
	for _, s := range all {
		if s.flag != "" {
			typed[s.env] = flags.String(s.flag, "", s.usage+" ("+s.env+")")
		}
	}
	if err := flags.Parse(args); err != nil {
		return nil, nil, fmt.Errorf("flags: %w", err)
	}
	var faults []error
	if flags.NArg() > 0 {
		faults = append(faults, fmt.Errorf("unknown argument %q", flags.Arg(0)))
	}
	path := *typed["PORTAL_CONFIG"]
	if path == "" {
		path, _ = lookupEnv("PORTAL_CONFIG")
	}
	file, wrong := readSettings(path)
	faults = append(faults, wrong...)
	found := texts{}
	for _, s := range all {
		g, err := find(s, typed[s.env], lookupEnv, file)
		if err != nil {
			faults, g = append(faults, fmt.Errorf("%s: %w", s.env, err)), given{s.value, "default"}
		}
		found[s.env] = g
	}
	return found, faults, nil
}

// find takes the first source that has something to say of a setting.
func find(s setting, typed *string, lookupEnv func(string) (string, bool), file texts) (given, error) {
	if typed != nil && *typed != "" {
		return given{*typed, "-" + s.flag}, nil
	}
	if text, _ := lookupEnv(s.env); text != "" {
		return given{text, "environment"}, nil
	}
	if path, _ := lookupEnv(s.env + "_FILE"); path != "" {
		return readValue(path, "environment")
	}
	if g := file[s.env]; g.text != "" {
		return g, nil
	}
	if g := file[s.env+"_FILE"]; g.text != "" {
		return readValue(g.text, g.from)
	}
	return given{s.value, "default"}, nil
}

// readValue reads the file that a variable with _FILE at its end names.
func readValue(path, from string) (given, error) {
	content, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return given{}, fmt.Errorf("read the file that _FILE names: %w", err)
	}
	return given{strings.TrimSpace(string(content)), path + ", named by " + from}, nil
}

// settingName is what the name of a setting looks like.
var settingName = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`) //nolint:gochecknoglobals // a constant

// readSettings reads a file of settings. A name that no setting has is a fault: it is a typing error.
func readSettings(path string) (texts, []error) {
	if path == "" {
		return nil, nil
	}
	content, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, []error{fmt.Errorf("PORTAL_CONFIG: %w", err)}
	}
	known := func(name string) bool {
		return slices.ContainsFunc(settings(), func(s setting) bool { return s.env == strings.TrimSuffix(name, "_FILE") && name != "PORTAL_CONFIG" })
	}
	found := texts{}
	var faults []error
	number := 0
	for line := range strings.Lines(string(content)) {
		number++
		line = strings.TrimPrefix(strings.TrimSpace(line), "export ")
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, isSetting := strings.Cut(line, "=")
		name = strings.TrimSpace(name)
		where := fmt.Sprintf("%s:%d", path, number)
		switch _, twice := found[name]; {
		case !isSetting || !settingName.MatchString(name): // it may be a secret that slipped, or its second line: not repeated
			faults = append(faults, fmt.Errorf("%s: want NAME=value", where))
		case !known(name):
			faults = append(faults, fmt.Errorf("%s: no setting is called %q: docs/configuration.md lists them", where, name))
		case twice:
			faults = append(faults, fmt.Errorf("%s: %s is set a second time: remove one of the lines", where, name))
		default:
			found[name] = given{unquote(strings.TrimSpace(value)), where}
		}
	}
	return found, faults
}

// unquote takes away quotes around a whole value. Nothing inside has a meaning of its own.
func unquote(value string) string {
	if len(value) >= 2 && (value[0] == '"' || value[0] == '\'') && value[len(value)-1] == value[0] {
		return value[1 : len(value)-1]
	}
	return value
}
