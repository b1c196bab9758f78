//go:build e2e && linux

package node

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const tomcatImage = "foreshadow.test/tomcat:10"

// serverXML is a Tomcat with one connector and nothing else.
const serverXML = `<Server port="-1"><Service name="Catalina">
<Connector port="8080" protocol="HTTP/1.1"/>
<Engine name="Catalina" defaultHost="localhost"><Host name="localhost" appBase="webapps" autoDeploy="false"/></Engine>
</Service></Server>
`

// productsJSP is a page as people write them: it is compiled when it is first
// asked for, and fast when the machine code is.
const productsJSP = `<%@ page contentType="text/html; charset=UTF-8" session="false" import="java.util.*" %>
<% int id = Integer.parseInt(request.getParameter("id"));
   List<Map<String, Object>> rows = new ArrayList<>();
   Random random = new Random(id);
   for (int i = 0; i < 60; i++) {
     Map<String, Object> row = new HashMap<>();
     row.put("name", String.format("product %05d", random.nextInt(100000)));
     row.put("price", random.nextInt(100000) / 100.0);
     rows.add(row);
   }
   rows.sort(Comparator.comparing(r -> (Double) r.get("price")));
   pageContext.setAttribute("rows", rows); %>
<html><body><h1>Products like ${param.id}</h1><table>
<% for (Map<String, Object> row : rows) { pageContext.setAttribute("row", row); %>
<tr><td>${row.name}</td><td>${row.price > 500 ? "dear" : "cheap"}</td><td><%= String.format("%.2f", row.get("price")) %></td></tr>
<% } %>
</table></body></html>
`

// tomcatKind is Tomcat as Debian ships it, under a CPU limit that is usual.
func tomcatKind() kind {
	k := kind{
		name: "tomcat", memory: "192Mi", memoryLimit: "512Mi", requestEvery: 40 * time.Millisecond,
		container: `        image: ` + tomcatImage + `
        ports: [{name: http, containerPort: 8080}]
        readinessProbe: {httpGet: {path: /index.html, port: 8080}, periodSeconds: 1, timeoutSeconds: 5, failureThreshold: 10}`,
	}
	for i := range 20 {
		k.paths = append(k.paths, fmt.Sprintf("/products.jsp?id=%d", 100+i*37))
	}
	return k
}

// The same with a server whose cold start nobody here chose.
func TestFirst100OfTomcat(t *testing.T) {
	shared.loadTomcat(t)
	require.NoError(t, shared.loadLayout(t.Context(), sidecarImage, os.Getenv(sidecarEnv)))
	measure(t, tomcatKind(), "first100_tomcat")
}

// loadTomcat makes an image of what packages.sh unpacked, the libraries of this
// machine that a JVM needs, and a page.
func (r *rig) loadTomcat(t *testing.T) {
	t.Helper()
	tree := filepath.Join(os.Getenv(packagesEnv), "tomcat")
	jvms, err := filepath.Glob(tree + "/usr/lib/jvm/java-17-openjdk-*/bin/java")
	require.NoError(t, err)
	require.Len(t, jvms, 1, "no JVM under %s: run e2e/node/packages.sh", tree)
	layer := r.file("tomcat.tar")
	require.NoError(t, packTomcat(layer, tree, filepath.Dir(filepath.Dir(jvms[0]))))
	java := strings.TrimPrefix(jvms[0], tree)
	home := "/usr/share/tomcat10"
	require.NoError(t, r.load(t.Context(), image{name: tomcatImage, layer: layer, entrypoint: []string{
		java, "-Dcatalina.home=" + home, "-Dcatalina.base=/base", "-Djava.io.tmpdir=/base/temp",
		"-cp", home + "/bin/bootstrap.jar:" + home + "/bin/tomcat-juli.jar:/usr/share/java/eclipse-jdt-core.jar",
		"org.apache.catalina.startup.Bootstrap", "start",
	}}))
	require.NoError(t, os.Remove(layer))
}

func packTomcat(layer, tree, jvm string) (err error) {
	out, err := os.Create(layer)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	w := tar.NewWriter(out)
	if err := addTree(w, tree); err != nil {
		return err
	}
	libraries, err := librariesOf(jvm)
	if err != nil {
		return err
	}
	for _, path := range libraries {
		if err := addPath(w, path, path); err != nil {
			return err
		}
	}
	// Tomcat writes here as the user of the image.
	for _, dir := range []string{"tmp", "base", "base/logs", "base/temp", "base/work", "base/webapps", "base/webapps/ROOT", "base/conf"} {
		if err := w.WriteHeader(&tar.Header{Name: dir + "/", Typeflag: tar.TypeDir, Mode: 0o777}); err != nil {
			return err
		}
	}
	webXML, err := os.ReadFile(filepath.Join(tree, "usr/share/tomcat10/etc/web.xml"))
	if err != nil {
		return err
	}
	return errors.Join(
		addFile(w, "etc/passwd", []byte("tomcat:x:65532:65532::/base:/bin/false\n")),
		addFile(w, "base/conf/server.xml", []byte(serverXML)), addFile(w, "base/conf/web.xml", webXML),
		addFile(w, "base/webapps/ROOT/products.jsp", []byte(productsJSP)),
		addFile(w, "base/webapps/ROOT/index.html", []byte("ready\n")), w.Close())
}

// addTree adds a tree without what nothing reads at run time.
func addTree(w *tar.Writer, tree string) error {
	return filepath.WalkDir(tree, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(path, tree)
		if slices.Contains([]string{"/usr/share/doc", "/usr/share/man", "/usr/share/lintian", "/var", "/lib"}, name) {
			return fs.SkipDir
		}
		if d.IsDir() {
			return nil
		}
		return addPath(w, path, name)
	})
}

// addPath adds a file or a link under a name. Who may read it is everybody.
func addPath(w *tar.Writer, path, name string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if info.Mode()&fs.ModeSymlink != 0 && strings.HasPrefix(path, name) {
		info, err = os.Stat(path) // a library of this machine: its content
	}
	if err != nil {
		return err
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		target, err := os.Readlink(path)
		if err != nil {
			return err
		}
		return w.WriteHeader(&tar.Header{Name: strings.TrimPrefix(name, "/"), Typeflag: tar.TypeSymlink, Linkname: target, Mode: 0o777})
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return addFile(w, strings.TrimPrefix(name, "/"), content)
}

// librariesOf lists the libraries outside the JVM that it is linked to.
func librariesOf(jvm string) ([]string, error) {
	files, err := filepath.Glob(jvm + "/lib/*.so")
	if err != nil {
		return nil, err
	}
	args := append([]string{jvm + "/bin/java", jvm + "/lib/server/libjvm.so"}, files...)
	cmd := exec.Command("ldd", args...)
	cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH="+jvm+"/lib:"+jvm+"/lib/server")
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("list libraries of %s: %w", jvm, err)
	}
	found := map[string]bool{}
	for line := range bytes.Lines(out) {
		for field := range strings.FieldsSeq(string(line)) {
			if strings.HasPrefix(field, "/") && !strings.HasSuffix(field, ":") && !strings.HasPrefix(field, jvm) {
				found[field] = true
			}
		}
	}
	paths := make([]string, 0, len(found))
	for path := range found {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return paths, nil
}
