using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using Microsoft.Extensions.Configuration;
using Tokenry.Server.Composition.Demo;
using Tokenry.Server.Platform.Settings;
using Tokenry.Testing;

namespace Tokenry.Benchmarks.Pages;

/// <summary>
/// How long each page takes in a store of the size for which the pages are made: the real server, started on a large demonstration, and a browser without
/// script in which its first administrator is signed in.
/// </summary>
internal static class PagesRun
{
    private const int Warming = 3;
    private const int Times = 30;

    /// <returns>The exit code: 0 if every page is within the limits.</returns>
    public static async Task<int> RunAsync(PagesOptions options, TextWriter console)
    {
        if (options.Store is { } store)
        {
            Directory.CreateDirectory(store);
        }

        await using var server = await ServerProcess.PrepareAsync(options.Engine, new ServerOptions { DataDirectory = options.Store });
        await FillAsync(server, options, console);
        await server.LaunchAsync();
        var admin = await server.AdminAsync();
        var person = (await admin.GetAsync("/v1/me").Expect(200)).Json.GetProperty("subject").GetString()!;
        var link = new Uri((await server.RunAsync("admin", "sign-in")).Expect(0).Output.Trim());
        var browser = new Browser(server.Address);
        (await browser.SetPasswordAsync(link.PathAndQuery, SigningIn.Password)).Expect(303);
        var tokens = (await admin.GetAsync($"/v1/users/{person}/tokens?limit=200").Expect(200)).Json.GetProperty("items");
        var maker = tokens.EnumerateArray().First().GetProperty("id").GetString()!;
        var rows = new List<PageRow>();
        foreach (var (shown, path) in await PageList.OfAsync(admin, maker))
        {
            rows.Add(await MeasureAsync(browser, shown, "/" + path));
        }

        var assets = new List<AssetRow>();
        foreach (var path in rows.SelectMany(row => row.Assets).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            assets.Add(await AssetAsync(server.Address, path));
        }

        await console.WriteLineAsync(PagesText.Of(options.Size, rows, assets));
        return PagesText.IsGood(rows, assets) ? 0 : 1;
    }

    private static async Task FillAsync(ServerProcess server, PagesOptions options, TextWriter console)
    {
        if (File.Exists(Path.Combine(server.DataDirectory, "tokenry.keys")))
        {
            await console.WriteLineAsync($"Using the store in {server.DataDirectory}; the numbers of rows are those of its making.");
            return;
        }

        var settings = new Dictionary<string, string?> { ["Tokenry:DataDirectory"] = server.DataDirectory };
        if (server.ConnectionString is { } connection)
        {
            settings["ConnectionStrings:Tokenry"] = connection;
        }

        var watch = Stopwatch.StartNew();
        await console.WriteLineAsync("Filling a store …");
        await FillDemo.FillAsync(
            TokenryOptions.Read(new ConfigurationBuilder().AddInMemoryCollection(settings).Build(), needsIssuer: false),
            options.Size,
            TimeProvider.System.GetUtcNow()
        );
        await console.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"Filled in {watch.Elapsed:m\\:ss}"));
    }

    private static async Task<PageRow> MeasureAsync(Browser browser, string shown, string path)
    {
        var times = new List<double>(Times);
        var (html, status) = ("", 0);
        for (var i = -Warming; i < Times; i++)
        {
            var started = Stopwatch.GetTimestamp();
            var answer = await browser.GetAsync(path);
            var took = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            html = answer.Body;
            status = answer.Status;
            if (i >= 0)
            {
                times.Add(took);
            }
            else if (took > 20 * PageRow.MostMilliseconds)
            {
                // So slow that thirty times would say nothing more.
                times.Add(took);
                break;
            }
        }

        times.Sort();
        return new PageRow(
            shown,
            status,
            times[times.Count / 2],
            times[times.Count * 95 / 100],
            Encoding.UTF8.GetByteCount(html),
            Compressed(html),
            [.. AssetAddresses(html).Distinct(StringComparer.Ordinal)]
        );
    }

    private static int Compressed(string html)
    {
        using var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write(Encoding.UTF8.GetBytes(html));
        }

        return (int)bytes.Length;
    }

    private static async Task<AssetRow> AssetAsync(string address, string path)
    {
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Add("Accept-Encoding", "br");
        using var answer = await http.GetAsync(new Uri($"{address}/{path}"));
        answer.EnsureSuccessStatusCode();
        var cache = answer.Headers.CacheControl?.ToString() ?? "";
        return new AssetRow(
            path,
            (await answer.Content.ReadAsByteArrayAsync()).Length,
            cache.Contains("immutable", StringComparison.Ordinal)
        );
    }

    /// <summary>What a page loads by itself; the part behind # names an icon of one file.</summary>
    private static IEnumerable<string> AssetAddresses(string html)
    {
        var parts = html.Split('"');
        return parts
            .Zip(parts.Skip(1))
            .Where(pair =>
                pair.First.EndsWith(" src=", StringComparison.Ordinal) || pair.First.EndsWith(" href=", StringComparison.Ordinal)
            )
            .Select(pair => pair.Second.TrimStart('/').Split('#')[0])
            .Where(address => address.StartsWith("console/", StringComparison.Ordinal));
    }
}
