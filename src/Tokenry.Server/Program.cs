using Tokenry.Server;
using Tokenry.Server.Features.PersonalAccessTokens;
using Tokenry.Server.Foundation.Audit;
using Tokenry.Server.Foundation.Hosting;

try
{
    if (CommandLine.Options(args, IssueAdminToken.Verb, "data-directory", "scopes", "expires-in", "revive") is { } arguments)
    {
        return await AdminCommand.RunAsync(
            IssueAdminToken.Verb,
            arguments,
            services => services.GetRequiredService<IssueAdminToken>().RunAsync(arguments, OperatingSystemUser.OfProcess())
        );
    }

    if (RotateKeys.Options(args) is { } rotation)
    {
        return await AdminCommand.RunAsync(
            RotateKeys.Verb,
            rotation,
            services => services.GetRequiredService<RotateKeys>().RunAsync(rotation)
        );
    }

    if (CommandLine.Options(args, VerifyAudit.Verb, "data-directory") is { } verification)
    {
        return await AdminCommand.RunAsync(
            VerifyAudit.Verb,
            verification,
            services => services.GetRequiredService<VerifyAudit>().RunAsync(verification),
            needsStore: true
        );
    }

    await using var server = await TokenryServer.BuildAsync(args);
    await server.RunAsync();
    return 0;
}
catch (StartupException exception)
{
    foreach (var fault in exception.Faults)
    {
        await Console.Error.WriteLineAsync(fault);
    }

    return 1;
}
