package userpool

import "slices"

// deleteGroup deletes a group; its members stay.
func deleteGroup(c *call) (object, error) {
	up, g, err := c.group()
	if err != nil {
		return nil, err
	}
	delete(up.groups, g.name)
	for _, u := range up.users {
		u.groups = slices.DeleteFunc(slices.Clone(u.groups), func(name string) bool { return name == g.name })
	}
	return object{}, nil
}
