package web

import "cognito-enroll/internal/helpdesk"

// DeskRoute is a row of the desk's table, for tests.
type DeskRoute struct {
	Method, Path string
	Operation    helpdesk.Operation
	Fresh        bool
}

// DeskRoutes are the rows; Registered every route that Echo has, as "GET /path".
func (s *Server) DeskRoutes() []DeskRoute {
	var rows []DeskRoute
	for _, row := range s.deskRoutes() {
		rows = append(rows, DeskRoute{row.method, row.path, row.operation, row.fresh})
	}
	return rows
}

// Registered is every route that Echo has, as "GET /path".
func (s *Server) Registered() []string {
	var routes []string
	for _, route := range s.echo.Routes() {
		routes = append(routes, route.Method+" "+route.Path)
	}
	return routes
}

// DeskPath is deskPath.
func DeskPath(text string) string { return deskPath(text) }
