using System.Buffers;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;
using Tokenry.Testing;

namespace Tokenry.Benchmarks.Limits;

/// <summary>
/// The limit of the web server: Kestrel with no routing and no middleware that gives back the body it got, of a form or of JSON, and answers GET with
/// a constant. Over TLS it takes any client's certificate. Nothing that answers the same requests over Kestrel can be faster.
/// </summary>
internal static class EchoServer
{
    public const string Verb = "echo";
    public const string AllocatedPath = "/allocated";
    private static readonly byte[] Constant = "{\"ok\":true}"u8.ToArray();

    public static async Task RunAsync(string[] urls)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(urls);
        builder.WebHost.UseKestrelHttpsConfiguration();
        using var certificate = TestAuthority.SelfSigned(new LeafOptions { Subject = "CN=localhost", Usages = null });
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.ConfigureHttpsDefaults(https =>
            {
                https.ServerCertificate = certificate;
                https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
                https.ClientCertificateValidation = (_, _, _) => true;
            });
        });
        await using var app = builder.Build();
        app.Run(ServeAsync);
        await app.RunAsync();
    }

    private static async Task ServeAsync(HttpContext context)
    {
        var response = context.Response;
        if (HttpMethods.IsGet(context.Request.Method))
        {
            var answer = context.Request.Path == AllocatedPath ? Allocated() : Constant;
            response.ContentType = "application/json";
            response.ContentLength = answer.Length;
            await response.Body.WriteAsync(answer);
            return;
        }

        response.ContentType = context.Request.ContentType;
        response.ContentLength = context.Request.ContentLength;
        var reader = context.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync();
            foreach (var piece in read.Buffer)
            {
                response.BodyWriter.Write(piece.Span);
            }

            reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                await response.BodyWriter.FlushAsync();
                return;
            }
        }
    }

    private static byte[] Allocated() => Encoding.ASCII.GetBytes(GC.GetTotalAllocatedBytes().ToString(CultureInfo.InvariantCulture));
}
