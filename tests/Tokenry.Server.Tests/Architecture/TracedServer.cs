using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Tokenry.Server.Tests.Architecture;

/// <summary>
/// A copy of the server in which every method of ours writes the name of its source file to standard error when it is entered. So a request leaves
/// the list of files that it passed, in order.
/// </summary>
internal static class TracedServer
{
    /// <summary>Before the file of a function, of a value or of what the compiler made of a lambda.</summary>
    public const string Mark = "passed ";

    /// <summary>Before the file of a class, when a method of an object of that class is entered.</summary>
    public const string ObjectMark = "entered ";
    private static readonly string Sources = Path.Combine(Repository.Root, "src") + Path.DirectorySeparatorChar;

    /// <summary>Makes the copy in a directory; the answer is the path of its <c>Tokenry.Server.dll</c>.</summary>
    public static string Make(string directory)
    {
        var built = Path.GetDirectoryName(Repository.ServerDll)!;
        foreach (var file in Directory.EnumerateFiles(built, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(directory, Path.GetRelativePath(built, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        foreach (var project in (string[])["Tokenry.Protocol", "Tokenry.Server"])
            Rewrite(project, Path.Combine(directory, project + ".dll"));
        return Path.Combine(directory, "Tokenry.Server.dll");
    }

    /// <summary>From the compiler's own output: what lies beside the server is compiled ahead and cannot be rewritten.</summary>
    private static void Rewrite(string project, string target)
    {
        var source = Path.Combine(Repository.Root, "src", project, "obj", "Release", "net10.0", project + ".dll");
        using var resolver = new DefaultAssemblyResolver();
        resolver.AddSearchDirectory(Path.GetDirectoryName(Repository.ServerDll)!);
        foreach (var shared in (Type[])[typeof(object), typeof(Microsoft.AspNetCore.Http.HttpContext)])
            resolver.AddSearchDirectory(Path.GetDirectoryName(shared.Assembly.Location)!);
        using var assembly = AssemblyDefinition.ReadAssembly(source, new() { ReadSymbols = true, AssemblyResolver = resolver });
        var module = assembly.MainModule;
        var error = module.ImportReference(typeof(Console).GetProperty(nameof(Console.Error))!.GetMethod);
        var writeLine = module.ImportReference(typeof(TextWriter).GetMethod(nameof(TextWriter.WriteLine), [typeof(string)]));
        var nothing = module.ImportReference(typeof(Task).GetProperty(nameof(Task.CompletedTask))!.GetMethod);
        foreach (var method in module.GetTypes().SelectMany(type => type.Methods).Where(method => method.HasBody))
        {
            if (IsBackground(method))
            {
                Empty(method, nothing);
                continue;
            }

            if (FileOf(method) is not { } file)
                continue;
            var (mark, name) = Entered(method) is { } entered ? (ObjectMark, entered) : (Mark, "");
            var il = method.Body.GetILProcessor();
            var first = method.Body.Instructions[0];
            il.InsertBefore(first, il.Create(OpCodes.Call, error));
            il.InsertBefore(first, il.Create(OpCodes.Ldstr, $"{mark}{file} {name}"));
            il.InsertBefore(first, il.Create(OpCodes.Callvirt, writeLine));
        }

        assembly.Write(target);
    }

    /// <summary>The loops that run beside the requests: what they pass is no part of one. On a slow machine they would turn up in every request.</summary>
    private static bool IsBackground(MethodDefinition method) =>
        method
            is { Name: "ExecuteAsync", IsVirtual: true, DeclaringType: { Name: not "ControlSocket", BaseType.Name: "BackgroundService" } };

    private static void Empty(MethodDefinition method, MethodReference answer)
    {
        method.Body.Instructions.Clear();
        method.Body.Variables.Clear();
        method.Body.ExceptionHandlers.Clear();
        var il = method.Body.GetILProcessor();
        il.Emit(OpCodes.Call, answer);
        il.Emit(OpCodes.Ret);
    }

    /// <summary>The method of an object that is entered; an asynchronous one has its code in a type of its own, which the compiler names after it.</summary>
    private static string? Entered(MethodDefinition method)
    {
        var type = method.DeclaringType;
        if (!type.IsNested)
            return method.IsStatic || method.IsConstructor || type.IsValueType || type.IsInterface ? null : method.Name;
        var isOfObject =
            type.Fields.Any(field => field.Name == "<>4__this") && type.DeclaringType is { IsNested: false, IsInterface: false };
        return isOfObject && method.Name == "MoveNext" ? type.Name[1..type.Name.IndexOf('>', StringComparison.Ordinal)] : null;
    }

    /// <summary>Null: a generator wrote it, or the compiler.</summary>
    private static string? FileOf(MethodDefinition method)
    {
        var document = method.DebugInformation.SequencePoints.FirstOrDefault()?.Document.Url;
        var at = document?.IndexOf("/src/", StringComparison.Ordinal) ?? -1;
        var file = at < 0 ? null : document![(at + "/src/".Length)..];
        return file is not null && File.Exists(Sources + file) && !file.Contains("/obj/", StringComparison.Ordinal) ? file : null;
    }
}
