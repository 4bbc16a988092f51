using Tokenry.Server.Composition;
using Tokenry.Server.Platform.Settings;

ProcessHardening.Apply();
try
{
    if (CommandLine.AsksForHelp(args))
    {
        Console.WriteLine(CommandLine.Usage(AdminVerb.Commands));
        return 0;
    }

    if (CommandLine.AsksForVersion(args))
    {
        Console.WriteLine($"Tokenry {CommandLine.Version} (.NET {Environment.Version})");
        return 0;
    }

    if (CommandLine.FindVerb(args, AdminVerb.Commands) is { } command)
    {
        return await AdminCommand.RunAsync(AdminVerb.All.Single(verb => verb.Command == command), args);
    }

    CommandLine.CheckServerArguments(args);
    await using var server = await TokenryServer.BuildAsync(args);
    await server.RunAsync();
    return 0;
}
catch (UsageException exception)
{
    await Console.Error.WriteLineAsync($"{exception.Message}\n\n{CommandLine.Usage(AdminVerb.Commands)}");
    return 2;
}
catch (Exception exception) when (StartFault.Describe(exception) is { } faults)
{
    foreach (var fault in faults)
    {
        await Console.Error.WriteLineAsync(fault);
    }

    return 1;
}
