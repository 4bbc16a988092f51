using Microsoft.Extensions.Configuration.Memory;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Doors;
using Tokenry.Server.Core.Signing;
using Tokenry.Server.Features.Account;
using Tokenry.Server.Features.ApiKeys;
using Tokenry.Server.Features.ApiResources;
using Tokenry.Server.Features.Applications;
using Tokenry.Server.Features.Approvals;
using Tokenry.Server.Features.AuditLog;
using Tokenry.Server.Features.Credentials;
using Tokenry.Server.Features.Notices;
using Tokenry.Server.Features.OAuth;
using Tokenry.Server.Features.Organizations;
using Tokenry.Server.Features.PersonalAccessTokens;
using Tokenry.Server.Features.Policies;
using Tokenry.Server.Features.Reports;
using Tokenry.Server.Features.Revocation;
using Tokenry.Server.Features.Roles;
using Tokenry.Server.Features.SignIn;
using Tokenry.Server.Features.SigningKeys;
using Tokenry.Server.Features.Usage;
using Tokenry.Server.Features.Users;
using Tokenry.Server.Features.Verification;
using Tokenry.Server.Platform.Files;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Telemetry;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Composition;

/// <summary>A table of contents: the parts of the server, and the order in which a request passes them.</summary>
internal sealed class TokenryServer : IAsyncDisposable
{
    private TokenryServer(WebApplication app, TokenryOptions options, DataDirectory? held) => (App, Options, Held) = (app, options, held);

    /// <summary>The web application with every route mapped, not started.</summary>
    public WebApplication App { get; }

    private TokenryOptions Options { get; }

    /// <summary>The lock of the data directory, held until the store is closed.</summary>
    private DataDirectory? Held { get; }

    /// <param name="args">The command line.</param>
    /// <param name="time">The clock; <c>null</c> = the machine's.</param>
    /// <exception cref="StartupException">Says what to do.</exception>
    public static async Task<TokenryServer> BuildAsync(string[] args, TimeProvider? time = null)
    {
        // The server reads settings once. Watching for changes would also watch the data directory below, where every commit is a change.
        var builder = WebApplication.CreateSlimBuilder([.. args, "--hostBuilder:reloadConfigOnChange=false"]);
        builder.WebHost.UseUrls(builder.Configuration["urls"] ?? TokenryOptions.DefaultUrl);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(ServerLimits.Apply);
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = Logs.DefaultLevels });
        Logs.Configure(builder.Logging);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = ServerLimits.LongestShutdown);

        var options = TokenryOptions.Read(builder.Configuration);
        var closed = DataDirectory.Create(options.Store.DataDirectory);
        var held = Hold(options);
        TlsListener.Add(builder.WebHost, builder.Configuration, options);
        if (time is not null)
        {
            builder.Services.AddSingleton(time);
        }

        AddServices(builder.Services, options, held);
        ListeningServer.Wrap(builder.Services, options);
        var server = new TokenryServer(builder.Build(), options, held);
        try
        {
            Announcement.WarnOfOpenFiles(server.App.Logger, closed);
            await CoreServices.OpenStoreAsync(server.App.Services);
            await server.App.Services.GetRequiredService<AuditHeadKeeper>().OpenAsync();
            server.MapPipeline();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public async Task RunAsync()
    {
        await App.Services.GetRequiredService<BootstrapAdministrator>().RunAsync();
        await App.StartAsync();
        Announcement.WarnOfPlainHttp(App.Logger, Options, App.Urls);
        await ClockCheck.WarnAsync(App.Services);
        // Only people read a terminal: a link that opens the server has no place in a log.
        var link =
            Console.IsOutputRedirected || !Options.Console.Enabled
                ? null
                : await App.Services.GetRequiredService<IssueSignInLink>().AtStartAsync();
        Announcement.Print(App.Logger, Options, App.Services.GetRequiredService<Database>().Description, link);
        await App.WaitForShutdownAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        Held?.Dispose();
    }

    private static DataDirectory? Hold(TokenryOptions options) =>
        options.Store.UsesPostgres
            ? null
            : DataDirectory.TryHold(options.Store.DataDirectory)
                ?? throw new StartupException(
                    $"Another process holds the data directory {options.Store.DataDirectory}. Stop it, or set Tokenry:DataDirectory."
                );

    private static void AddServices(IServiceCollection services, TokenryOptions options, DataDirectory? held)
    {
        services.ConfigureHttpJsonOptions(json => Json.Configure(json.SerializerOptions));
        services.AddRouting().AddOpenApiDocument(options).AddCore(options).AddBackgroundWork(options, held);
        services
            .AddApiResources()
            .AddRoles()
            .AddUsers()
            .AddOrganizations()
            .AddPolicies()
            .AddApprovals()
            .AddNotices(options)
            .AddApplications()
            .AddApiKeys()
            .AddPersonalAccessTokens()
            .AddAccount()
            .AddAuditLog()
            .AddVerification()
            .AddRevocation()
            .AddCredentials()
            .AddUsage()
            .AddReports()
            .AddSigningKeys()
            .AddOAuth()
            .AddSignIn();
        if (options.Console.Enabled)
        {
            services.AddPageServices().AddPages();
        }
    }

    private void MapPipeline()
    {
        if (App.Services.GetService<ControlSocket>() is { } control)
        {
            foreach (var verb in AdminVerb.All)
            {
                control.Map(verb.Command.Words, verb.Operation(App.Services));
            }
        }

        if (Options.Otlp.Endpoint is not null)
        {
            App.Use(RequestSpans.DescribeAsync);
        }

        App.UseMiddleware<RequestMetrics>();
        App.UseMiddleware<ErrorFunnel>();
        App.UseMiddleware<HeadRequests>(); // before the path base, which routes by itself
        var path = new Uri(Options.Issuer).AbsolutePath.TrimEnd('/');
        if (path.Length > 0)
        {
            App.UsePathBase(path);
            App.UseMiddleware<PublicLocations>(path);
        }

        App.UseRouting();
        if (Options.Tls.ClientCertificateHeader is not null)
        {
            App.UseMiddleware<ForwardedCertificates>();
        }

        App.UseMiddleware<TlsRequirement>();
        App.UseMiddleware<PageGuard>();
        App.UseMiddleware<CallerAuthentication>();
        App.UseMiddleware<KnownQuery>();
        if (Options.Console.Enabled)
        {
            App.UsePages();
        }

        App.MapApiResources();
        App.MapRoles();
        App.MapUsers();
        App.MapOrganizations();
        App.MapPolicies();
        App.MapApprovals();
        App.MapNotices();
        App.MapApplications();
        App.MapApiKeys();
        App.MapPersonalAccessTokens();
        App.MapCredentials();
        App.MapAccount();
        App.MapSignIn();
        App.MapAuditLog();
        App.MapVerification();
        App.MapRevocation();
        App.MapUsage();
        App.MapReports();
        App.MapOAuth(Options);
        App.MapProtectedResourceMetadata(Options, App.Services.GetRequiredService<CatalogCache>());
        App.MapSigningKeys();
        App.MapJwkSet(App.Services.GetRequiredService<SigningKeyRing>(), Options.SigningKeys.JwksMaxAge);
        App.MapStartPage(Options);
        if (Options.Console.Enabled)
        {
            App.MapPages();
        }

        App.MapHealth();
        App.Services.GetRequiredService<FactsMetrics>(); // no other service needs it: it only observes
        App.MapMetrics();
        App.MapOpenApiDocument();
        App.RequireOnEveryRoute();
    }
}
