using System.IO.Compression;
using System.Reflection;
using Tokenry.Server.Composition;

namespace Tokenry.Server.Tests.Platform.Console;

/// <summary>What pages load: small, kept for ever, and used.</summary>
public sealed class ConsoleAssetsTests
{
    private const int LargestStyles = 30_000;
    private const int LargestCompressed = 150_000;

    private static readonly Assembly Server = typeof(TokenryServer).Assembly;

    [Fact]
    public void The_style_sheet_stays_small() => Assert.InRange(Read("console.css").Length, 1, LargestStyles);

    [Fact]
    public void Styles_and_scripts_together_stay_below_150_KB_compressed() =>
        Assert.InRange(new[] { "console.css", "console.js", "blazor.web.js" }.Sum(name => Compressed(Read(name))), 1, LargestCompressed);

    [Fact]
    public void Every_icon_of_the_sprite_is_used_and_every_used_icon_is_in_it()
    {
        var root = Path.Combine(Repository.Root, "src", "Tokenry.Server");
        var sprite = System.Text.Encoding.UTF8.GetString(Read("icons.svg"));
        var sources = string.Join(
            '\n',
            new[] { "*.razor", "*Pages.cs", "console.js" }
                .SelectMany(pattern => Directory.GetFiles(root, pattern, SearchOption.AllDirectories))
                .Select(File.ReadAllText)
        );
        var icons = sprite.Split("<symbol id=\"").Skip(1).Select(part => part.Split('"')[0]).ToHashSet(StringComparer.Ordinal);
        Assert.DoesNotContain(
            icons,
            icon => !sources.Contains($"\"{icon}\"", StringComparison.Ordinal) && !sources.Contains($"#{icon}", StringComparison.Ordinal)
        );
        var used = sources
            .Split("<Icon Name=\"")
            .Skip(1)
            .Select(part => part.Split('"')[0])
            .Where(name => !name.Contains('@', StringComparison.Ordinal));
        Assert.Empty(used.Except(icons));
    }

    [Fact]
    public void No_page_has_a_script_a_style_or_a_handler_inside()
    {
        var pages = Directory.GetFiles(Path.Combine(Repository.Root, "src", "Tokenry.Server"), "*.razor", SearchOption.AllDirectories);
        Assert.NotEmpty(pages);
        Assert.DoesNotContain(
            pages,
            page =>
                File.ReadAllText(page) is var text
                && (
                    text.Contains("<style", StringComparison.OrdinalIgnoreCase)
                    || text.Contains(" style=", StringComparison.OrdinalIgnoreCase)
                    || text.Contains(" onclick=", StringComparison.OrdinalIgnoreCase)
                    || text.Contains("<script>", StringComparison.OrdinalIgnoreCase)
                    || text.Contains("MarkupString", StringComparison.Ordinal)
                )
        );
    }

    private static byte[] Read(string name)
    {
        using var stream = Server.GetManifestResourceStream("Console/" + name);
        Assert.NotNull(stream);
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }

    private static int Compressed(byte[] plain)
    {
        using var compressed = new MemoryStream();
        using (var brotli = new BrotliStream(compressed, CompressionLevel.Optimal, leaveOpen: true))
        {
            brotli.Write(plain);
        }

        return (int)compressed.Length;
    }
}
