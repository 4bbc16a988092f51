// Takes invoices over TLS from whoever may write them. It has no list of keys: it asks Tokenry, and hands on what came with the request to prove more.
using System.Security.Cryptography.X509Certificates;
using BillingApi;
using Microsoft.AspNetCore.Server.Kestrel.Https;

const int LargestBody = 64 * 1024;

var builder = WebApplication.CreateBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.WebHost.ConfigureKestrel(kestrel =>
{
    kestrel.Limits.MaxRequestBodySize = LargestBody;
    kestrel.ConfigureHttpsDefaults(https =>
    {
        // A certificate is welcome, not needed, and may be anybody's: whose it must be says the token that is bound to it.
        https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
        https.ClientCertificateValidation = static (_, _, _) => true;
        https.OnAuthenticate = static (_, handshake) =>
            handshake.CertificateChainPolicy = new X509ChainPolicy
            {
                // Or the handshake would fetch what a stranger's certificate names.
                DisableCertificateDownloads = true,
                RevocationMode = X509RevocationMode.NoCheck,
                TrustMode = X509ChainTrustMode.CustomRootTrust,
            };
    });
});
var settings =
    builder.Configuration.GetRequiredSection("Door").Get<DoorSettings>() ?? throw new InvalidOperationException("Door is empty.");
builder.Services.AddSingleton(new Door(settings));
var app = builder.Build();

var number = 2000;
app.MapPost("/invoices", TakeAsync);
app.MapGet("/", () => "invoices");
app.Run();

async Task<IResult> TakeAsync(HttpContext context, Door door)
{
    var verdict = await door.AskAsync(context, "invoices:write");
    if (!verdict.Valid)
    {
        var (status, challenge) = Challenge.For(verdict);
        context.Response.Headers.WWWAuthenticate = challenge;
        return Results.StatusCode(status);
    }

    return Results.Json(
        new
        {
            invoice = Interlocked.Increment(ref number),
            by = verdict.Subject,
            with = verdict.CredentialId,
        },
        statusCode: StatusCodes.Status201Created
    );
}
