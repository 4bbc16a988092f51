using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Doors;
using Tokenry.Server.Core.KeyCare;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Limits;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Core.Signing;
using Tokenry.Server.Core.Usage;
using Tokenry.Server.Features.AuditLog;
using Tokenry.Server.Features.Credentials;
using Tokenry.Server.Features.Notices;
using Tokenry.Server.Features.Notices.Calendars;
using Tokenry.Server.Features.Organizations.Invitations;
using Tokenry.Server.Platform.Files;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Keys;
using Tokenry.Server.Platform.Keys.Pkcs11;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;
using Tokenry.Server.Platform.Telemetry;

namespace Tokenry.Server.Composition;

/// <summary>The services that features depend on, for the server and for a command.</summary>
public static partial class CoreServices
{
    public static IServiceCollection AddCore(this IServiceCollection services, TokenryOptions options)
    {
        services.AddSingleton(options);
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics().AddSingleton<ServerMetrics>().AddSingleton<ProcessMetrics>().AddSingleton<FactsMetrics>();
        services.AddSingleton(provider => new StoreMetrics(provider.GetRequiredService<IMeterFactory>().Create(ServerMetrics.MeterName)));
        services.AddSingleton<MetricsText>();
        services.AddSingleton<KeyRing>();
        services.AddSingleton(provider => new AuditKey(() => provider.GetRequiredService<KeyRing>().AuditKey));
        services
            .AddSingleton<StoreIdentity>()
            .AddSingleton<AuditChain>()
            .AddSingleton<HeadSigner>()
            .AddSingleton<AuditHeadFile>()
            .AddSingleton<VerifyAudit>();
        services.AddSingleton<ChangeHub>();
        services.AddSingleton(provider => new Freshness(
            provider.GetRequiredService<TimeProvider>(),
            alwaysFresh: !options.Store.UsesPostgres
        ));
        AddDatabase(services, options);

        services
            .AddSingleton<CatalogCache>()
            .AddSingleton<PrincipalCache>()
            .AddSingleton<CredentialCache>()
            .AddSingleton<ClientKeyCache>()
            .AddSingleton<RevokedAccessTokens>()
            .AddSingleton<SessionCache>();
        services
            .AddSingleton<Reauthentication>()
            .AddSingleton<CallerJudge>()
            .AddSingleton<Rejudgement>()
            .AddSingleton<RightsEffects>()
            .AddSingleton<GainsCheck>()
            .AddSingleton<Gate>()
            .AddSingleton<IdempotencyStore>()
            .AddSingleton<IdempotentGate>()
            .AddSingleton<SystemGate>();
        services
            .AddSingleton<Passwords>()
            .AddSingleton<PrincipalOperations>()
            .AddSingleton<OwnedApplications>()
            .AddSingleton<ReviveAdministrator>()
            .AddSingleton<Caps>()
            .AddSingleton<RevokeAll>();
        services.AddSingleton<PepperRenewal>().AddSingleton<KeyRotation>().AddSingleton<RotateKeysCommand>();
        services.AddSingleton<SecretMint>().AddSingleton<RecoverableSecrets>().AddSingleton<ExpiryPolicy>().AddSingleton<IssueCredential>();
        services
            .AddSingleton<ReviseCredential>()
            .AddSingleton<RotateCredential>()
            .AddSingleton<RevealSecret>()
            .AddSingleton<EndOverlap>()
            .AddSingleton<SetCredentialDisabled>();
        services
            .AddSingleton<RenewRegistered>()
            .AddSingleton<RevokeCredential>()
            .AddSingleton<CountDescendants>()
            .AddSingleton<ListCredentials>();
        services
            .AddSingleton<Brands>()
            .AddSingleton<OpaqueCredentialScheme>()
            .AddSingleton<AccessTokenScheme>()
            .AddSingleton<SessionScheme>()
            .AddSingleton<Authenticator>();
        services.AddSingleton<Egress>().AddSingleton<IssuerKeys>();
        services
            .AddSingleton<DpopNonces>()
            .AddSingleton<DpopProofs>()
            .AddSingleton<MessageSignatures>()
            .AddSingleton<OneTimeTokens>()
            .AddSingleton<ProofReader>()
            .AddSingleton<PossessionCheck>()
            .AddSingleton<Door>()
            .AddSingleton<CallerAuthenticator>();
        if (options.Pkcs11 is { } pkcs11)
        {
            services.AddSingleton(pkcs11).AddSingleton<Pkcs11Token>().AddSingleton<KeyFileSeal>();
        }

        services.AddSingleton<SigningKeyRing>().AddSingleton<AccessTokenWriter>();
        services.AddSingleton(options.SigningKeys).AddSingleton<SigningKeyMoves>();
        services
            .AddSingleton<FailureThrottle>()
            .AddSingleton<RateLimiter>()
            .AddSingleton<ManagementRate>()
            .AddSingleton<SignInThrottle>()
            .AddSingleton<RevealThrottle>();
        services.AddSingleton<SessionUse>().AddSingleton<SessionStart>().AddSingleton<SignInLinks>().AddSingleton<FreshAuthentication>();
        services.AddSingleton<SecondFactors>().AddSingleton<SecondSteps>();
        services.AddSingleton<SignInProviders>().AddSingleton<ProviderSignIns>();
        services.AddSingleton<RelyingParty>().AddSingleton<PasskeyChallenges>().AddSingleton<PasskeyCeremonies>();
        services.AddSingleton<LastUsed>().AddSingleton<UsageCounters>().AddSingleton<Denials>();
        services.AddSingleton<AccessLog>().AddSingleton<Signals>().AddSingleton<UseRecorder>();
        return services;
    }

    /// <summary>The services that run beside the requests; a command does not start them.</summary>
    public static IServiceCollection AddBackgroundWork(this IServiceCollection services, TokenryOptions options, DataDirectory? held)
    {
        if (options.Store.UsesPostgres)
        {
            services.AddHostedService<PostgresChangeFeed>();
        }

        if (held is not null)
        {
            services.AddSingleton(held);
        }

        services.AddSingleton<ControlSocket>();
        services.AddHostedService(provider => provider.GetRequiredService<ControlSocket>());

        if (options.Otlp.Endpoint is not null)
        {
            services.AddHostedService<OtlpExport>();
        }

        // Registered before the services that append events: services stop in reverse order, so that the last signed head covers the last event.
        services.AddSingleton<AuditHeadKeeper>();
        services.AddHostedService(provider => provider.GetRequiredService<AuditHeadKeeper>());

        // In the order of writing: sinks that affect decisions first, signals last, because the other sinks raise signals.
        services.AddSingleton<IUsageSink>(provider => provider.GetRequiredService<RateLimiter>());
        services.AddSingleton<IUsageSink>(provider => provider.GetRequiredService<Denials>());
        services.AddSingleton<IUsageSink>(provider => provider.GetRequiredService<UsageCounters>());
        services.AddSingleton<IUsageSink>(provider => provider.GetRequiredService<AccessLog>());
        services.AddSingleton<IUsageSink>(provider => provider.GetRequiredService<LastUsed>());
        services.AddSingleton<IUsageSink>(provider => provider.GetRequiredService<SessionUse>());
        services.AddSingleton<IUsageSink>(provider => provider.GetRequiredService<Signals>());
        services.AddSingleton<IUsageSink>(provider => provider.GetRequiredService<PepperRenewal>());
        services.AddHostedService<UsageFlush>();
        foreach (var rule in PurgeRules(options))
        {
            services.AddSingleton(rule);
        }

        services.AddHostedService<Purge>();
        services.AddHostedService<AuditRetention>();
        services.AddHostedService<DueCredentials>();
        services.AddHostedService<SigningKeySchedule>();
        if (options.Pkcs11 is not null)
        {
            services.AddHostedService<TokenKeyRemoval>();
        }

        services.AddHostedService<KeyRingFollower>();
        return services;
    }

    /// <summary>Every purge rule that a room declares beside its table.</summary>
    internal static IReadOnlyList<PurgeRule> PurgeRules(TokenryOptions options) =>
        [
            SingleUse.Purge,
            IdempotencyStore.Purge,
            RevokedAccessTokens.Purge,
            CredentialStore.PurgeSecrets,
            Change.Purge,
            RateLimiter.Purge,
            UsageCounters.PurgeMinutes,
            UsageCounters.PurgeHours,
            AccessStore.Purge(options.Retention.AccessLog),
            Signals.PurgeNetworks,
            SessionStore.Purge,
            SignInLinks.Purge,
            InvitationStore.Purge,
            SecondSteps.Purge,
            SecondFactorStore.Purge,
            NoticeStore.Purge,
            CalendarStore.Purge,
            OwnViews.Purge,
            RoleRequestStore.Purge,
        ];

    /// <summary>Prepares schema and keys, which must be valid before anything else runs.</summary>
    /// <param name="services">The services.</param>
    /// <param name="makesStore">Whether an empty database becomes a store.</param>
    /// <exception cref="StartupException">Says what to do.</exception>
    public static async Task OpenStoreAsync(IServiceProvider services, bool makesStore = true)
    {
        var options = services.GetRequiredService<TokenryOptions>();
        var keys = services.GetRequiredService<KeyRing>();
        Database? database = null;
        string Description() =>
            database?.Description ?? (options.Store.UsesPostgres ? "The database" : $"SQLite {options.Store.DatabasePath}");
        services.GetService<Pkcs11Token>()?.Open();
        try
        {
            database = services.GetRequiredService<Database>();
            var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger<Migration>();
            await database.MigrateAsync(Migration.Embedded, makesStore, change => LogSchema(logger, change));
            await keys.OpenAsync(database, options.Store.KeyFile);
            await services.GetRequiredService<StoreIdentity>().OpenAsync();
            await services.GetRequiredService<SigningKeyRing>().OpenAsync();
            await services.GetRequiredService<OwnedApplications>().SettleAsync();
        }
        catch (StoreUnavailableException exception)
        {
            throw StartFault.OfStore(Description(), exception);
        }
        catch (Npgsql.PostgresException exception)
        {
            throw StartFault.OfStore(Description(), exception);
        }
        catch (System.Security.Cryptography.CryptographicException)
        {
            throw new StartupException($"A signing key in the store does not open with the key file {options.Store.KeyFile}.");
        }
        catch (InvalidOperationException exception) when (exception.Message.StartsWith("The store was written", StringComparison.Ordinal))
        {
            throw new StartupException(exception.Message);
        }
    }

    private static void LogSchema(ILogger logger, SchemaChange change)
    {
        if (change.From > 0)
        {
            LogSchema(logger, change.From, change.To, change.Applied);
        }
    }

    [LoggerMessage(
        EventId = 1,
        Level = LogLevel.Information,
        Message = "The tables are brought from schema {From} to {To} in {Applied} steps. With millions of rows this takes minutes."
    )]
    private static partial void LogSchema(ILogger logger, long from, long to, int applied);

    private static void AddDatabase(IServiceCollection services, TokenryOptions options)
    {
        Dapper.DefaultTypeMap.MatchNamesWithUnderscores = true;
        if (options.Store.ConnectionString is { } connection)
        {
            services.AddSingleton(provider => new PostgresDatabase(
                connection,
                provider.GetRequiredService<AuditChain>(),
                provider.GetRequiredService<ChangeHub>(),
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<StoreMetrics>()
            ));
            services.AddSingleton<Database>(provider => provider.GetRequiredService<PostgresDatabase>());
        }
        else
        {
            services.AddSingleton<Database>(provider => new SqliteDatabase(
                options.Store.DatabasePath,
                provider.GetRequiredService<AuditChain>(),
                provider.GetRequiredService<ChangeHub>(),
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<StoreMetrics>()
            ));
        }
    }
}
