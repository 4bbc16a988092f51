// The hub: devices report to it. It knows good tokens by itself, so that it works on while Tokenry, or the way there, is down.
using System.Security.Cryptography.X509Certificates;
using Hub;
using Microsoft.AspNetCore.Server.Kestrel.Https;

const int LargestBody = 64 * 1024;

var builder = WebApplication.CreateBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning).AddFilter("Hub", LogLevel.Information);
builder.WebHost.ConfigureKestrel(kestrel =>
{
    kestrel.Limits.MaxRequestBodySize = LargestBody;
    kestrel.ConfigureHttpsDefaults(https =>
    {
        // The handshake proves that the device has the certificate's key; whose certificate it must be says the token that is bound to it.
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
builder.Services.AddSingleton(
    builder.Configuration.GetRequiredSection("Hub").Get<HubSettings>() ?? throw new InvalidOperationException("Hub is empty.")
);
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddSingleton<TokenryConnection>();
builder.Services.AddSingleton<IssuerKeys>();
builder.Services.AddSingleton<SeenTokens>();
builder.Services.AddSingleton<DeviceTokens>();
builder.Services.AddHostedService<Follower>();
var app = builder.Build();

app.MapGet("/", () => "hub");
app.MapPost(
    "/readings",
    (Reading reading, HttpContext context, DeviceTokens tokens, ILogger<Reading> log) =>
    {
        var (token, fault) = tokens.Check(context);
        if (token is null)
        {
            context.Response.Headers.WWWAuthenticate = $"Bearer error=\"invalid_token\", error_description=\"{fault}\"";
            return Results.StatusCode(StatusCodes.Status401Unauthorized);
        }

        if (!token.Scope.Contains("readings:write"))
        {
            context.Response.Headers.WWWAuthenticate = "Bearer error=\"insufficient_scope\", scope=\"readings:write\"";
            return Results.StatusCode(StatusCodes.Status403Forbidden);
        }

        Words.Reported(log, token.Subject, reading.Degrees);
        return Results.Ok(new { device = token.Subject });
    }
);
app.Run();
