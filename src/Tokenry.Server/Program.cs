using Microsoft.Extensions.Configuration.Memory;
using Tokenry.Server;
using Tokenry.Server.Features.Account;
using Tokenry.Server.Features.ApiKeys;
using Tokenry.Server.Features.ApiResources;
using Tokenry.Server.Features.Applications;
using Tokenry.Server.Features.AuditLog;
using Tokenry.Server.Features.Credentials;
using Tokenry.Server.Features.OAuth;
using Tokenry.Server.Features.PersonalAccessTokens;
using Tokenry.Server.Features.Roles;
using Tokenry.Server.Features.SigningKeys;
using Tokenry.Server.Features.Users;
using Tokenry.Server.Features.Verification;
using Tokenry.Server.Foundation.Authentication;
using Tokenry.Server.Foundation.Hosting;
using Tokenry.Server.Foundation.Http;
using Tokenry.Server.Foundation.Signing;
using Tokenry.Server.Foundation.Storage;

Dapper.DefaultTypeMap.MatchNamesWithUnderscores = true;
try
{
    return CommandLine.Options(args, IssueAdminToken.Verb, "data-directory", "scopes", "expires-in") is { } arguments
        ? await AdminTokenCommand.RunAsync(arguments)
        : await ServeAsync(args);
}
catch (StartupException exception)
{
    foreach (var fault in exception.Faults)
    {
        await Console.Error.WriteLineAsync(fault);
    }

    return 1;
}

static async Task<int> ServeAsync(string[] args)
{
    var builder = WebApplication.CreateSlimBuilder(args);
    builder.WebHost.UseUrls(builder.Configuration["urls"] ?? TokenryOptions.DefaultUrl);
    builder.WebHost.UseKestrelHttpsConfiguration();
    builder.WebHost.ConfigureKestrel(ServerLimits.Apply);
    builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = Logs.DefaultLevels });
    Logs.Configure(builder.Logging);
    builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = ServerLimits.LongestShutdown);

    var options = TokenryOptions.Read(builder.Configuration);
    DataDirectory.Create(options.DataDirectory);
    var held = options.UsesPostgres
        ? null
        : DataDirectory.TryHold(options.DataDirectory)
            ?? throw new StartupException(
                $"Another process holds the data directory {options.DataDirectory}. Stop it, or set Tokenry:DataDirectory."
            );
    using var _ = held;

    builder.Services.ConfigureHttpJsonOptions(json => Json.Configure(json.SerializerOptions));
    builder.Services.AddRouting().AddOpenApiDocument(options).AddFoundation(options).AddBackgroundWork(options, held);
    builder
        .Services.AddApiResources()
        .AddRoles()
        .AddUsers()
        .AddApplications()
        .AddApiKeys()
        .AddPersonalAccessTokens()
        .AddAccount()
        .AddAuditLog()
        .AddVerification()
        .AddOAuth();

    await using var app = builder.Build();
    await FoundationServices.OpenStoreAsync(app.Services);
    var generatedPassword = await app.Services.GetRequiredService<BootstrapAdministrator>().RunAsync();
    app.Services.GetService<ControlSocket>()?.Map(IssueAdminToken.Verb, app.Services.GetRequiredService<IssueAdminToken>().RunAsync);

    app.UseMiddleware<ErrorFunnel>();
    app.UsePathBase(new Uri(options.Issuer).AbsolutePath.TrimEnd('/'));
    app.UseRouting();
    app.UseMiddleware<CallerAuthentication>();

    app.MapApiResources();
    app.MapRoles();
    app.MapUsers();
    app.MapApplications();
    app.MapApiKeys();
    app.MapPersonalAccessTokens();
    app.MapCredentials();
    app.MapAccount();
    app.MapAuditLog();
    app.MapVerification();
    app.MapOAuth(options);
    app.MapJwkSet(app.Services.GetRequiredService<SigningKeys>());
    app.MapHealth();
    app.MapOpenApi().OpenToAnybody();
    app.RequireOnEveryRoute();

    await app.StartAsync();
    Announcement.Log(app.Logger, app.Services.GetRequiredService<Database>().Description);
    Announcement.Print(options, app.Services.GetRequiredService<Database>().Description, generatedPassword);
    await app.WaitForShutdownAsync();
    return 0;
}
