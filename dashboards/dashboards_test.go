package dashboards

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFilesAreCurrent(t *testing.T) {
	for name, d := range All() {
		want, err := d.JSON()
		require.NoError(t, err)
		for _, folder := range []string{".", "../charts/foreshadow/files/dashboards"} {
			got, err := os.ReadFile(filepath.Join(folder, name))
			require.NoError(t, err)
			require.Equal(t, string(want), string(got), "%s/%s is stale: run 'make generate'", folder, name)
		}
	}
	for _, folder := range []string{".", "../charts/foreshadow/files/dashboards"} {
		files, err := filepath.Glob(filepath.Join(folder, "*.json"))
		require.NoError(t, err)
		require.Len(t, files, len(All()), "%s holds a file that nobody writes", folder)
	}
}

func TestDashboardsFollowTheConventions(t *testing.T) {
	uids := map[string]bool{}
	for name, d := range All() {
		t.Run(name, func(t *testing.T) {
			require.False(t, uids[d.UID], "the uid is taken")
			uids[d.UID] = true
			require.Regexp(t, `^Foreshadow / .*\?$`, d.Title, "a dashboard is titled by its question")
			require.False(t, d.Editable)
			require.Equal(t, []string{tag}, d.Tags)
			require.Equal(t, "datasource", d.Templating.List[0].Name)
			require.Len(t, d.Links, 2)
			for _, v := range d.Templating.List[1:] {
				require.Equal(t, 2, v.Refresh, "variable %s follows the time range", v.Name)
				require.Equal(t, chosen(), *v.Datasource)
			}
			for i := range d.Panels {
				if d.Panels[i].Type != "row" {
					checkPanel(t, &d.Panels[i])
				}
			}
			checkGrid(t, d)
		})
	}
}

func checkPanel(t *testing.T, p *Panel) {
	t.Helper()
	require.NotEmpty(t, p.Description, p.Title)
	require.NotEmpty(t, p.FieldConfig.Defaults.Unit, p.Title)
	require.NotEmpty(t, p.Targets, p.Title)
	require.Equal(t, chosen(), *p.Datasource, p.Title)
	for _, m := range regexp.MustCompile(`Foreshadow[A-Z][A-Za-z]+`).FindAllString(p.Description, -1) {
		require.FileExists(t, "../docs/runbooks/"+m+".md", p.Title)
	}
	window := regexp.MustCompile(`\[([^\]]*)\]`)
	for _, target := range p.Targets {
		require.Equal(t, chosen(), target.Datasource, p.Title)
		require.NotEqual(t, target.Instant, target.Range, p.Title)
		for _, w := range window.FindAllStringSubmatch(target.Expr, -1) {
			require.Contains(t, []string{"$__rate_interval", "$__range"}, w[1], p.Title)
		}
		require.NotContains(t, target.Expr, ":", "%s: dashboards serve where the rules are not installed", p.Title)
	}
}

// checkGrid finds panels that lie on one another or outside.
func checkGrid(t *testing.T, d *Dashboard) {
	t.Helper()
	taken, ids := map[[2]int]string{}, map[int]bool{}
	for i := range d.Panels {
		p := &d.Panels[i]
		require.False(t, ids[p.ID], "%s: its id is taken", p.Title)
		ids[p.ID] = true
		require.LessOrEqual(t, p.GridPos.X+p.GridPos.W, gridWide, p.Title)
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				require.Empty(t, taken[[2]int{x, y}], "%s lies on it", p.Title)
				taken[[2]int{x, y}] = p.Title
			}
		}
	}
}

func TestLinksLeadToDashboardsOfOurs(t *testing.T) {
	uids := map[string]bool{}
	for _, d := range All() {
		uids[d.UID] = true
	}
	for name, d := range All() {
		text, err := d.JSON()
		require.NoError(t, err)
		for _, m := range regexp.MustCompile(`"/d/([a-z-]+)`).FindAllStringSubmatch(strings.ReplaceAll(string(text), `\u0026`, "&"), -1) {
			require.True(t, uids[m[1]], "%s links to %s", name, m[1])
		}
	}
}
