using System.Collections.Concurrent;
using System.IO.Compression;
using System.Reflection;
using System.Security.Cryptography;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Platform.Console;

/// <summary>
/// Styles, scripts and icons, from the assembly. Each has its hash in its address, so browsers keep it for ever. The server reads and compresses a file at its
/// first use.
/// </summary>
public sealed class ConsoleAssets
{
    private const string Prefix = "Console/";

    private static readonly Assembly Own = typeof(ConsoleAssets).Assembly;

    private readonly ConcurrentDictionary<string, Asset?> assets = new(StringComparer.Ordinal);

    /// <summary>The address of a file below the base.</summary>
    public string this[string name] => $"console/{Find(name)!.Hash}/{name}";

    internal static void Map(IEndpointRouteBuilder app) =>
        app.MapGet(
                "/console/{hash}/{name}",
                (HttpContext context, ConsoleAssets assets) =>
                    assets.ServeAsync(context, (string)context.GetRouteValue("hash")!, (string)context.GetRouteValue("name")!)
            )
            .ExcludeFromDescription()
            .OpenToAnybody();

    private async Task ServeAsync(HttpContext context, string hash, string name)
    {
        if (Find(name) is not { } asset || hash != asset.Hash)
        {
            throw ProblemException.NotFound();
        }

        var response = context.Response;
        response.Headers.CacheControl = "public, max-age=31536000, immutable";
        response.Headers.Vary = "Accept-Encoding";
        response.ContentType = asset.ContentType;
        var body = asset.Plain;
        if (context.Request.Headers.AcceptEncoding.ToString().Contains("br", StringComparison.Ordinal))
        {
            response.Headers.ContentEncoding = "br";
            body = asset.Compressed.Value;
        }

        response.ContentLength = body.Length;
        await response.Body.WriteAsync(body, context.RequestAborted);
    }

    private Asset? Find(string name) => assets.GetValueOrDefault(name) ?? (IsName(name) ? assets.GetOrAdd(name, Read) : null);

    /// <summary>Only names that the assembly can have, so that requests cannot fill the dictionary.</summary>
    private static bool IsName(string name) => Own.GetManifestResourceInfo(Prefix + name) is not null;

    private static Asset Read(string name)
    {
        using var stream = Own.GetManifestResourceStream(Prefix + name)!;
        var plain = new byte[stream.Length];
        stream.ReadExactly(plain);
        return new Asset(plain, name);
    }

    private sealed class Asset(byte[] plain, string name)
    {
        public byte[] Plain => plain;

        public string Hash { get; } = Convert.ToHexStringLower(SHA256.HashData(plain).AsSpan(0, 8));

        public string ContentType { get; } =
            Path.GetExtension(name) switch
            {
                ".css" => "text/css; charset=utf-8",
                ".js" => "text/javascript; charset=utf-8",
                _ => "image/svg+xml",
            };

        public Lazy<byte[]> Compressed { get; } = new(() => Compress(plain));

        private static byte[] Compress(byte[] plain)
        {
            using var compressed = new MemoryStream();
            using (var brotli = new BrotliStream(compressed, new BrotliCompressionOptions { Quality = 9 }))
            {
                brotli.Write(plain);
            }

            return compressed.ToArray();
        }
    }
}
