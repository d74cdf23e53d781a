package userpool

import (
	"regexp"
	"slices"
	"strings"
)

// listUsers lists the users of a pool, by name. It shows no MFA members and calls the attributes "Attributes".
func listUsers(c *call) (object, error) {
	up, err := c.userPool()
	if err != nil {
		return nil, err
	}
	matches, err := parseFilter(c.input.text("Filter"))
	if err != nil {
		return nil, err
	}
	var names []string
	if c.input.has("AttributesToGet") {
		names = c.input.texts("AttributesToGet")
	}
	found := make([]*user, 0, len(up.users))
	for _, u := range up.users {
		if matches(u) {
			found = append(found, u)
		}
	}
	slices.SortFunc(found, func(a, b *user) int { return strings.Compare(a.name, b.name) })
	all := make([]object, 0, len(found))
	for _, u := range found {
		all = append(all, u.describe("Attributes", names))
	}
	return c.page("Users", all, "Limit", "PaginationToken")
}

var filterPattern = regexp.MustCompile(`^\s*"?([\w:]+)"?\s*(\^?=)\s*"((?:[^"\\]|\\.)*)"\s*$`)

// searchable are the attributes that a filter may name (API reference, ListUsers).
var searchable = []string{
	"username", "email", "phone_number", "name", "given_name", "family_name", "preferred_username",
	"cognito:user_status", "status", "sub",
}

// parseFilter reads one comparison: name = "value", or name ^= "prefix".
func parseFilter(filter string) (func(*user) bool, error) {
	if filter == "" {
		return func(*user) bool { return true }, nil
	}
	parts := filterPattern.FindStringSubmatch(filter)
	if parts == nil {
		return nil, invalidParameter("Error while parsing filter.")
	}
	name, operator := parts[1], parts[2]
	if !slices.Contains(searchable, name) {
		return nil, invalidParameter("Invalid search attribute: %s", name)
	}
	value := regexp.MustCompile(`\\(.)`).ReplaceAllString(parts[3], "$1")
	return func(u *user) bool {
		has := u.searched(name)
		if name == "status" || name == "email" { // the only two that are compared without case
			has, value = strings.ToLower(has), strings.ToLower(value)
		}
		if operator == "^=" {
			return strings.HasPrefix(has, value)
		}
		return has == value
	}, nil
}

func (u *user) searched(name string) string {
	switch name {
	case "username":
		return u.name
	case "sub":
		return u.sub
	case "cognito:user_status":
		return u.status
	case "status":
		if u.disabled {
			return "Disabled"
		}
		return "Enabled"
	}
	return u.attribute(name)
}
