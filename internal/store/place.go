package store

import (
	"cmp"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Places are what the URL of a store leads to, each in one spelling: URLs with one of them in common are one store. It is
// as much as a URL tells; servers with two names are not seen through. Memory is nobody else's, so it has none.
func Places(url string) []string {
	switch scheme, rest, _ := strings.Cut(url, ":"); scheme {
	case "sqlite":
		if rest == ":memory:" {
			return nil
		}
		return []string{"sqlite:" + realPath(rest)}
	case "postgres", "postgresql":
		return postgresPlaces(url)
	case "dynamodb": // a table's name, or an ARN that ends in it
		return []string{"dynamodb:" + rest[strings.LastIndexByte(rest, '/')+1:]}
	}
	return []string{url}
}

// realPath follows symbolic links as far as there are files: the store itself may be made later.
func realPath(path string) string {
	full, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	if followed, err := filepath.EvalSymlinks(full); err == nil {
		return followed
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(full)); err == nil {
		return filepath.Join(dir, filepath.Base(full))
	}
	return full
}

// postgresPlaces are a schema in a database, once for each host. Tables are made in the first schema of a search path.
func postgresPlaces(url string) []string {
	config, err := pgconn.ParseConfig(url)
	if err != nil {
		return []string{url} // opening it says what is wrong
	}
	schema, _, _ := strings.Cut(config.RuntimeParams["search_path"], ",")
	if options := config.RuntimeParams["options"]; schema == "" && strings.Contains(options, "search_path") {
		schema = options
	}
	database := "/" + cmp.Or(config.Database, config.User) + "/" + cmp.Or(strings.TrimSpace(schema), "public")
	port := func(n uint16) string { return ":" + strconv.Itoa(int(n)) }
	places := []string{"postgres:" + strings.ToLower(config.Host) + port(config.Port) + database}
	for _, next := range config.Fallbacks {
		places = append(places, "postgres:"+strings.ToLower(next.Host)+port(next.Port)+database)
	}
	return places
}
